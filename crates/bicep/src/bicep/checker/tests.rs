use crate::bicep::{MemoryFiles, compile};
use crate::diagnostic::{Diagnostics, Severity, Sources};

/// What the cases use as modules and imports.
const FILES: [(&str, &str); 9] = [
    ("broken.yaml", "a: [b"),
    ("given.bicepparam", "using none"),
    ("child.bicep", "param a string"),
    ("broken.bicep", "@export()\ntype t = { a: missing }"),
    ("giving.bicep", "output b string = 'b'"),
    ("odd.json", r#"{ "$schema": "https://example.com/other.json#", "resources": [] }"#),
    ("lib.bicep", "@export()\nvar Place = 1\n@export()\ntype known = string"),
    ("secret.bicep", "param n string\n@secure()\noutput key string = n"),
    (
        "lib.json",
        r#"{ "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "definitions": { "open": { "type": "string", "metadata": { "__bicep_export!": true } }, "own": { "type": "int" } },
        "resources": {} }"#,
    ),
];

/// A text, and the errors that Microsoft's compiler gives for it: code and line, in order.
type Case = (&'static str, &'static [(&'static str, usize)]);

const CASES: &[Case] = &[
    // Names.
    ("var az = 'x'\noutput o string = az", &[("BCP084", 1)]),
    ("var copy = [for i in range(0, 2): i]\noutput o array = copy", &[("BCP239", 1)]),
    ("type resource = bool", &[("BCP301", 1)]),
    ("output o string = 'a'\noutput o string = 'b'", &[("BCP145", 1), ("BCP145", 2)]),
    ("metadata a = 'a'\nmetadata a = 'b'", &[("BCP145", 1), ("BCP145", 2)]),
    (
        "param Name string\nparam name string\noutput o string = '${Name}${name}'",
        &[("BCP353", 1), ("BCP353", 2)],
    ),
    (
        "import { Place } from 'lib.bicep'\nvar place = 2\noutput o int = place + Place",
        &[("BCP353", 1), ("BCP353", 2)],
    ),
    ("var resourceGroup = 'x'\noutput o string = resourceGroup().name", &[("BCP265", 2)]),
    ("var a = 'x'\nvar b = a.f()", &[("BCP067", 2)]),
    ("output o string = string", &[("BCP288", 1)]),
    // `VisitVariableAccessSyntax` of Microsoft's `TypeAssignmentVisitor` says so of every kind of type.
    ("type t = string\noutput o string = t", &[("BCP288", 2)]),
    ("import { known } from 'lib.bicep'\nvar a = known", &[("BCP288", 2)]),
    // A function sees variables, functions and imports (`InheritFunctionsAndVariablesOnly` in `NameBindingVisitor`).
    ("param p string\nfunc f(a string) string => '${a}${p}'", &[("BCP057", 2)]),
    ("type t = string\nfunc f() string => t", &[("BCP057", 2)]),
    (
        "var v = 'v'\nfunc g() string => v\nfunc f(p string) string => '${p}${g()}'\noutput o string = f('a')",
        &[],
    ),
    // What only a parameters file may ask (`SystemNamespaceType` and `AzNamespaceType`).
    ("param p string = getSecret('a', 'b', 'c', 'd')", &[("BCP057", 1)]),
    ("param p string = az.getSecret('a', 'b', 'c', 'd')", &[("BCP107", 1)]),
    ("param p string = readEnvironmentVariable('a')", &[("BCP057", 1)]),
    ("output o string = toLower", &[("BCP063", 1)]),
    ("var a = 'x'\nparam b a", &[("BCP287", 2)]),
    // Imports.
    ("import { none } from 'lib.bicep'\nparam p none", &[("BCP360", 1), ("BCP287", 2)]),
    ("import { own } from 'lib.json'\nparam p own", &[("BCP360", 1), ("BCP287", 2)]),
    (
        "import { open } from 'lib.json'\nimport { known } from 'lib.bicep'\nparam p open\nparam q known",
        &[],
    ),
    ("import { t } from 'broken.bicep'\nparam p t[]", &[("BCP104", 1), ("BCP287", 2)]),
    (
        "import { none } from 'lib.bicep'\n@export()\ntype t = { a: none }",
        &[("BCP360", 1), ("BCP372", 2), ("BCP287", 3)],
    ),
    ("import { known } from", &[("BCP097", 1), ("BCP358", 1)]),
    // Members of a namespace (`GetNamedPropertyType` and `ResolveNamespaceQualifiedFunction`).
    ("import * as l from 'lib.bicep'\noutput o string = l.other", &[("BCP053", 2)]),
    ("import * as l from 'lib.bicep'\noutput o string = l.other('a')", &[("BCP107", 2)]),
    ("import * as l from 'lib.bicep'\noutput o string = l.Place('a')", &[("BCP107", 2)]),
    // The message of BCP372 names parameters, modules and resources, "either directly or indirectly".
    ("param p string\nvar v = p\n@export()\nvar w = '${v}!'", &[("BCP372", 3)]),
    ("var v = resourceGroup().id\n@export()\nfunc f() string => v", &[]),
    // Types.
    ("type t = t", &[("BCP298", 1)]),
    ("type t = { a: t }", &[("BCP298", 1)]),
    ("type t = { a: t? }\ntype u = { a: u[] }", &[]),
    ("type a = b\ntype b = a", &[("BCP299", 1), ("BCP299", 2)]),
    ("type c = { a: string }\n@secure()\nparam p c", &[("BCP308", 2)]),
    ("type s = string\n@minLength(2)\nparam a s?", &[("BCP308", 2)]),
    ("@sealed()\ntype t = { *: string }", &[("BCP316", 1)]),
    // Decorators.
    ("@minLength(-1)\nparam p string", &[("BCP168", 1)]),
    ("@allowed([])\nparam p string", &[("BCP099", 1)]),
    ("@secure\nparam p string", &[("BCP063", 1)]),
    ("@sys\nparam p string", &[("BCP141", 1)]),
    ("@sys.descripton('x')\nparam p string", &[("BCP108", 1)]),
    ("@description('x')\n@minValue(1)\n", &[("BCP292", 2)]),
    (
        "@description('x'\nvar a = missing\n",
        &[("BCP237", 1), ("BCP236", 2), ("BCP236", 2), ("BCP009", 2), ("BCP018", 2)],
    ),
    // `GetExpressionedPropertyType` of Microsoft's `TypeAssignmentVisitor`.
    ("param k string\nvar o = {}\noutput p string = o[k]", &[("BCP054", 3)]),
    // `CheckForCyclicError` there: who refers to a cycle from outside is told of it.
    (
        "resource a 'Microsoft.Storage/storageAccounts@2023-05-01' existing = { name: b.id }\n\
         resource b 'Microsoft.Storage/storageAccounts@2023-05-01' existing = { name: a.id }\noutput o string = a.id",
        &[("BCP080", 1), ("BCP080", 2), ("BCP062", 3)],
    ),
    // `DetectIncorrectlyFormattedNames` of Microsoft's `EmitLimitationCalculator`.
    (
        "resource r 'Microsoft.Storage/storageAccounts/blobServices@2023-05-01' existing = { name: 'default' }",
        &[("BCP169", 1)],
    ),
    (
        "param p string\nresource r 'Microsoft.Storage/storageAccounts@2023-05-01' existing = { name: '${p}/aaa' }",
        &[("BCP169", 2)],
    ),
    (
        "param p string\nresource r 'Microsoft.Storage/storageAccounts/blobServices@2023-05-01' existing = { name: '${p}aa' }",
        &[],
    ),
    // `TypeAssignmentVisitor` looks into no body of which the type is an error, and names that refer to it are.
    (
        "module m 'missing.bicep' = if ('x') {\n  params: { a: unknown }\n}\noutput o string = m.outputs.a",
        &[("BCP091", 1), ("BCP062", 4)],
    ),
    (
        "resource r 'none' = [for i in 'x': {\n  name: map([1], x => unknown)\n}]\noutput o string = r[0].id",
        &[("BCP029", 1), ("BCP062", 4)],
    ),
    // `HasErrors` of Microsoft's `ArmTemplateSemanticModel`.
    ("module m 'odd.json' = {}", &[("BCP188", 1)]),
    // `FinalizeUnaryType` of Microsoft's `DeclaredTypeManager`.
    ("type t = -string", &[("BCP285", 1)]),
    ("type t = -1 | 2\ntype u = !true", &[]),
    // Lambdas.
    ("var f = x => x", &[("BCP242", 1)]),
    ("var a = filter([1], i => i)", &[("BCP070", 1)]),
    ("var a = map([1], () => 2)", &[("BCP070", 1)]),
    ("var a = sort([2, 1], (i, j) => i < j)\nvar b = toObject(['a'], i => i)", &[]),
    (
        "resource s 'Microsoft.Storage/storageAccounts@2023-05-01' existing = [for i in range(0, 2): { name: 'a${i}' }]\n\
         output o array = map(range(0, 2), i => s[i].properties.accessTier)",
        &[("BCP247", 2)],
    ),
    ("output o array = map(['a'], i => reference(i, '2023-05-01').x)", &[("BCP248", 1)]),
    // What is known too late.
    (
        "resource s 'Microsoft.Storage/storageAccounts@2023-05-01' existing = { name: 'a' }\nparam c bool\n\
         var a = [for i in range(0, 2): s.properties.accessTier]\nvar b = [for i in range(0, 2): s[c ? 'id' : 'name']]",
        &[("BCP182", 3)],
    ),
    (
        "resource s 'Microsoft.Storage/storageAccounts@2023-05-01' existing = if (empty(reference('a'))) { name: 'a' }",
        &[("BCP066", 1)],
    ),
    // Resources and modules.
    (
        "resource g 'Microsoft.Resources/resourceGroups@2024-03-01' = { name: 'g', location: 'x' }",
        &[("BCP135", 1)],
    ),
    (
        "param more object\nmodule m 'child.bicep' = {\n...more\nparams: { a: 'a' } }",
        &[("BCP401", 3)],
    ),
    ("var s = 'x'\nvar o = { ...s }\noutput p object = o", &[("BCP402", 2), ("BCP062", 3)]),
    (
        "module s 'secret.bicep' = { params: { n: 'a' } }\nvar v = s\noutput o string = v.outputs.key",
        &[("BCP426", 3)],
    ),
    // Functions and their arguments.
    ("var a = 0 % 0", &[("BCP410", 1)]),
    ("var a = max(['a'])", &[("BCP034", 1)]),
    ("var a = contains('a', {})", &[("BCP070", 1)]),
    ("output o string = environment().x", &[("BCP053", 1)]),
    ("func f() string => reference('a').b", &[("BCP341", 1)]),
    ("import { none } from 'lib.bicep'\noutput o string = none", &[("BCP360", 1), ("BCP063", 2)]),
    ("import { none } from 'lib.bicep'\noutput o string = none()", &[("BCP360", 1), ("BCP059", 2)]),
    ("metadata _a = 'b'", &[("BCP268", 1)]),
    // Resources and modules.
    (
        "module m 'child.bicep' = [for i in range(0, 2): {\nname: 'm${i}'\nparams: { a: 'x' } }]\nmodule n 'child.bicep' = [for i in range(0, 2): {\nname: 'n${i}'\nparams: { a: string(m) } }]",
        &[("BCP144", 6)],
    ),
    (
        "resource r 'Microsoft.Storage/storageAccounts@2022-09-01' existing = { name: 'r' }\nmodule m 'child.bicep' = {\nname: r.location\nparams: { a: 'x' } }",
        &[("BCP120", 3)],
    ),
    // A safe access of the one of a conditional loop does not make its outputs null.
    (
        "module m 'giving.bicep' = [for i in range(0, 2): if (i > 0) {\nname: 'm${i}' }]\nmodule n 'child.bicep' = {\nparams: { a: m[0].?outputs.b } }",
        &[],
    ),
    // Parts of types.
    ("type t = null", &[("BCP289", 1)]),
    ("type s = string[]\ntype t = s[0]", &[("BCP388", 2)]),
    ("type s = [string]\ntype t = s[*]", &[("BCP390", 2)]),
    ("type s = { a: string }\ntype t = s.*", &[("BCP389", 2)]),
    (
        "type a = { k: 'a' }\ntype b = { k: 'b' }\n@discriminator('k')\ntype u = a | b\n@discriminator('x')\ntype v = u",
        &[("BCP366", 5)],
    ),
    ("type t = resourceInput", &[("BCP384", 1)]),
    ("type t = resourceInput<'Microsoft.Storage/storageAccounts'>", &[("BCP029", 1)]),
    ("type t = resourceInput<'x:Microsoft.Storage/storageAccounts@2022-09-01'>", &[("BCP208", 1)]),
    (
        "@sealed()\ntype t = resourceInput<'Microsoft.Storage/storageAccounts@2022-09-01'>",
        &[("BCP386", 1), ("BCP394", 2)],
    ),
    // Paths of what is loaded.
    ("var a = loadTextContent('')\noutput o string = a", &[("BCP050", 1)]),
    ("var a = loadTextContent('/a')\noutput o string = a", &[("BCP051", 1)]),
    ("var a = loadTextContent('a\\\\b')\noutput o string = a", &[("BCP098", 1)]),
    ("var a = loadTextContent('ab:c')\noutput o string = a", &[("BCP085", 1)]),
    ("var a = loadTextContent('C:/a')\noutput o string = a", &[("BCP051", 1)]),
    ("var a = loadYamlContent('broken.yaml')\noutput o object = a", &[("BCP340", 1)]),
    ("var a = loadDirectoryFileInfo('nowhere')\noutput o array = a", &[("BCP428", 1)]),
    ("var a = loadDirectoryFileInfo('child.bicep')\noutput o array = a", &[("BCP430", 1)]),
    // Where resources stand, and their types.
    (
        "resource r 'Microsoft.Network/virtualNetworks@2023-05-01' = {\n  name: 'r'\n  resource s 'subnets/a' = { name: 's' }\n}",
        &[("BCP156", 3)],
    ),
    (
        "resource r 'bad' = {\n  name: 'r'\n  resource s 'subnets' = { name: 's' }\n}",
        &[("BCP029", 1), ("BCP157", 3)],
    ),
    (
        "resource r 'Microsoft.Network/virtualNetworks@2023-05-01' = [for i in range(0, 2): {\n  name: 'r${i}'\n  resource s 'subnets' = { name: 's' }\n}]",
        &[("BCP160", 3)],
    ),
    (
        "resource r 'no:Microsoft.Network/virtualNetworks@2023-05-01' = { name: 'r' }",
        &[("BCP208", 1)],
    ),
    (
        "resource r 'sys:Microsoft.Network/virtualNetworks@2023-05-01' = { name: 'r' }",
        &[("BCP209", 1)],
    ),
    (
        "param b bool\nmodule m 'giving.bicep' = {\n  scope: b ? resourceGroup('a') : resourceGroup('b')\n}",
        &[("BCP420", 3)],
    ),
    // What only a deployment can tell.
    (
        "module m 'giving.bicep' = {}\nmodule n 'giving.bicep' = {\n  scope: resourceGroup(m.outputs.b)\n}",
        &[("BCP120", 3)],
    ),
    (
        "module m 'giving.bicep' = {}\noutput o object = reference(m.outputs.b, '2023-01-01')",
        &[("BCP181", 2)],
    ),
    (
        "module m 'giving.bicep' = {}\nresource r 'Microsoft.Network/virtualNetworks@2023-05-01' existing = {\n  name: m.outputs.b\n}\noutput o string = r.id\noutput p string = r.location\noutput q string = r.name",
        &[("BCP307", 6)],
    ),
    (
        "module m 'giving.bicep' = {}\nresource r 'Microsoft.Network/virtualNetworks@2023-05-01' existing = {\n  name: m.outputs.b\n}\nresource s 'Microsoft.Network/virtualNetworks/subnets@2023-05-01' = {\n  parent: r\n  name: 's'\n}",
        &[("BCP120", 6)],
    ),
    // Parts of types.
    ("type t = string\nparam p t[0]", &[("BCP388", 2)]),
    ("type t = [string, int]\nparam p t[-1]", &[("BCP387", 2)]),
    ("type t = string\nparam p t.a", &[("BCP055", 2)]),
    ("param p { a: string }.a", &[("BCP391", 1)]),
    ("param p az\noutput o string = p", &[("BCP306", 1), ("BCP062", 2)]),
    ("type t = string\nparam p t<'a'>\noutput o string = p", &[("BCP383", 2), ("BCP062", 3)]),
    ("type t = { '${'a'}b': string }", &[("BCP296", 1)]),
    ("type t = {\n  *: string\n  *: int\n}", &[("BCP315", 2), ("BCP315", 3)]),
    ("type t = {\n  @export()\n  a: string\n}", &[("BCP361", 2)]),
    ("param p resource 'Microsoft.Network/virtualNetworks@2023-05-01'", &[("BCP231", 1)]),
    // Parameters and decorators.
    ("param p string? = 'a'\noutput o string? = p", &[("BCP326", 1)]),
    ("@minLength(5)\n@maxLength(3)\nparam p string", &[("BCP331", 1)]),
    ("@maxValue(3)\n@minValue(5)\nparam p int", &[("BCP331", 2)]),
    ("@allowed(['a'])\nparam p 'a' | 'b'\noutput o string = p", &[("BCP295", 1)]),
    // Indexes and spreads.
    ("param p array\noutput o string = p[-1]", &[("BCP339", 2)]),
    ("param p object\noutput o string = p[^1]", &[("BCP414", 2)]),
    ("param p string[]\noutput o int[] = [1, ...p]", &[("BCP403", 2)]),
    (
        "resource r 'Microsoft.Network/virtualNetworks@2023-05-01' existing = [for i in range(0, 2): {\n  name: 'r${i}'\n}]\noutput o string = r[?0].id",
        &[("BCP323", 4)],
    ),
    // Experiments and imports.
    ("assert a = true", &[("BCP349", 1)]),
    (
        "import { Place as a, Place as b } from 'lib.bicep'\noutput o int = a + b",
        &[("BCP362", 1), ("BCP362", 1)],
    ),
    ("module m 'given.bicepparam' = {}", &[("BCP277", 1)]),
];

fn errors(text: &str) -> Vec<(String, usize)> {
    let mut files = MemoryFiles::from_iter(FILES);
    files.insert("main.bicep", text);
    let (mut sources, mut findings) = (Sources::new(), Diagnostics::new());
    compile("main.bicep", &files, &mut sources, &mut findings);
    let own = findings.iter().filter(|finding| finding.severity == Severity::Error);
    let places = own.filter_map(|finding| Some((finding, sources.position(finding.place?))));
    let own = places.filter(|(_, (file, _))| *file == "main.bicep");
    own.map(|(finding, (_, place))| (finding.code.to_string(), place.line)).collect()
}

#[test]
fn errors_are_those_of_microsofts_compiler() {
    for (text, expected) in CASES {
        let expected: Vec<(String, usize)> =
            expected.iter().map(|(code, line)| ((*code).to_owned(), *line)).collect();
        assert_eq!(errors(text), expected, "{text}");
    }
}
