//! The one table of built-in functions and decorators: what the binder, the checker and the lowering
//! know about them.

use std::ops::BitOr;

use super::syntax::FileKind;

/// The namespace of a built-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Namespace {
    /// Functions of the language.
    Sys,
    /// Functions of Azure.
    Az,
}

impl Namespace {
    /// The name as Bicep writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sys => "sys",
            Self::Az => "az",
        }
    }

    /// The namespace of this name.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "sys" => Some(Self::Sys),
            "az" => Some(Self::Az),
            _ => None,
        }
    }
}

/// A set of kinds of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kinds(u16);

impl Kinds {
    /// Text.
    pub const STRING: Self = Self(1);
    /// A whole number.
    pub const INT: Self = Self(2);
    /// True or false.
    pub const BOOL: Self = Self(4);
    /// An object.
    pub const OBJECT: Self = Self(8);
    /// An array.
    pub const ARRAY: Self = Self(16);
    /// `null`.
    pub const NULL: Self = Self(32);
    /// A lambda.
    pub const LAMBDA: Self = Self(64);
    /// Any value.
    pub const ANY: Self = Self(63);

    /// Whether one of the kinds of the other set is in this one.
    pub fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Both.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOr for Kinds {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.or(other)
    }
}

/// How a message calls kinds of values.
pub fn kind_names(kinds: Kinds) -> String {
    let names = [
        (Kinds::STRING, "string"),
        (Kinds::INT, "int"),
        (Kinds::BOOL, "bool"),
        (Kinds::OBJECT, "object"),
        (Kinds::ARRAY, "array"),
        (Kinds::LAMBDA, "lambda"),
    ];
    let names: Vec<&str> =
        names.iter().filter(|(kind, _)| kinds.meets(*kind)).map(|(_, name)| *name).collect();
    names.join(" | ")
}

/// What is special about a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Nothing: it is called wherever an expression stands.
    Anywhere,
    /// It reads what exists only at run time: a variable that calls it is written out at every use.
    RunTime,
    /// The compiler itself evaluates it.
    CompileTime,
    /// It loads a file while compiling; the content becomes a variable of the template.
    Load,
    /// Only in default values of parameters.
    ParameterDefault,
    /// Only in `.bicepparam` files.
    ParametersFile,
}

/// A built-in function.
#[derive(Debug, Clone, Copy)]
pub struct Function {
    /// Where it lives.
    pub namespace: Namespace,
    /// Its name.
    pub name: &'static str,
    /// The fewest arguments it takes.
    pub minimum: usize,
    /// The kinds of its arguments, in order.
    pub parameters: &'static [Kinds],
    /// The kind of any further arguments.
    pub rest: Option<Kinds>,
    /// What it gives.
    pub returns: Kinds,
    /// What is special about it.
    pub usage: Use,
}

impl Function {
    /// The most arguments it takes, if there is a limit.
    pub fn maximum(&self) -> Option<usize> {
        if self.rest.is_some() { None } else { Some(self.parameters.len()) }
    }

    /// Whether files of a kind may call it: parameters ask nothing of a deployment, a template nothing of the machine
    /// that compiles it.
    pub fn is_visible_in(&self, kind: FileKind) -> bool {
        let is_for_parameters = self.usage == Use::ParametersFile;
        match kind {
            FileKind::Bicep => !is_for_parameters,
            FileKind::Parameters => is_for_parameters || self.namespace == Namespace::Sys,
        }
    }

    /// The form of a function that has one.
    pub fn form(&self) -> Form {
        Form { minimum: self.minimum, parameters: self.parameters, rest: self.rest }
    }
}

/// One of the forms of a function: which arguments it takes.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    /// The fewest arguments.
    pub minimum: usize,
    /// The kinds of the arguments, in order.
    pub parameters: &'static [Kinds],
    /// The kind of any further arguments.
    pub rest: Option<Kinds>,
}

impl Form {
    /// Whether it takes as many arguments.
    pub fn takes(&self, count: usize) -> bool {
        count >= self.minimum && (self.rest.is_some() || count <= self.parameters.len())
    }

    /// What it takes as one of its arguments.
    pub fn parameter(&self, at: usize) -> Kinds {
        self.parameters.get(at).copied().or(self.rest).unwrap_or(ANY)
    }
}

/// The forms of a function in the order in which they are tried; nothing if it has one.
pub fn forms(name: &str) -> Option<&'static [Form]> {
    let at = FORMS.binary_search_by_key(&name, |(known, _)| known).ok()?;
    Some(FORMS[at].1)
}

/// The function of this name, in one namespace or in all.
pub fn function(namespace: Option<Namespace>, name: &str) -> Option<&'static Function> {
    let start = FUNCTIONS.partition_point(|function| function.name < name);
    let named = FUNCTIONS[start..].iter().take_while(|function| function.name == name);
    named
        .into_iter()
        .find(|function| namespace.is_none_or(|wanted| function.namespace == wanted))
        .or_else(|| {
            let az = namespace.is_none_or(|wanted| wanted == Namespace::Az);
            (az && is_list_function(name)).then_some(&LIST)
        })
}

/// Whether this is one of the `listKeys`-like functions, which each resource type defines. Azure knows
/// them in any case.
pub fn is_list_function(name: &str) -> bool {
    name.starts_with("list")
}

/// All functions, sorted by name.
pub fn functions() -> &'static [Function] {
    FUNCTIONS
}

use Kinds as K;

const S: K = K::STRING;
const I: K = K::INT;
const B: K = K::BOOL;
const O: K = K::OBJECT;
const A: K = K::ARRAY;
const L: K = K::LAMBDA;
const ANY: K = K::ANY;
const SI: K = S.or(I);
const SA: K = S.or(A);
const OA: K = O.or(A);
const SOA: K = S.or(O).or(A);
const AN: K = A.or(K::NULL);

const fn sys(name: &'static str, minimum: usize, parameters: &'static [K], returns: K) -> Function {
    let namespace = Namespace::Sys;
    Function { namespace, name, minimum, parameters, rest: None, returns, usage: Use::Anywhere }
}

const fn az(name: &'static str, minimum: usize, parameters: &'static [K], returns: K) -> Function {
    Function { namespace: Namespace::Az, ..sys(name, minimum, parameters, returns) }
}

const fn more(function: Function, rest: K) -> Function {
    Function { rest: Some(rest), ..function }
}

const fn only(function: Function, usage: Use) -> Function {
    Function { usage, ..function }
}

const LIST: Function = only(az("list*", 2, &[S, S, O], ANY), Use::RunTime);

/// Sorted by name: [`function`] searches it.
const FUNCTIONS: &[Function] = &[
    only(sys("any", 1, &[ANY], ANY), Use::CompileTime),
    sys("array", 1, &[ANY], A),
    sys("base64", 1, &[S], S),
    sys("base64ToJson", 1, &[S], ANY),
    sys("base64ToString", 1, &[S], S),
    sys("bool", 1, &[ANY], B),
    sys("buildUri", 1, &[O], S),
    sys("cidrHost", 2, &[S, I], S),
    sys("cidrSubnet", 3, &[S, I, I], S),
    more(sys("concat", 1, &[ANY], SA), ANY),
    sys("contains", 2, &[SOA, ANY], B),
    sys("dataUri", 1, &[ANY], S),
    sys("dataUriToString", 1, &[S], S),
    sys("dateTimeAdd", 2, &[S, S, S], S),
    sys("dateTimeFromEpoch", 1, &[I], S),
    sys("dateTimeToEpoch", 1, &[S], I),
    az("deployer", 0, &[], O),
    az("deployment", 0, &[], O),
    sys("distinct", 1, &[A], A),
    sys("empty", 1, &[SOA.or(K::NULL)], B),
    sys("endsWith", 2, &[S, S], B),
    az("environment", 0, &[], O),
    more(az("extensionResourceId", 3, &[S, S, S], S), S),
    only(sys("externalInput", 1, &[S, ANY], ANY), Use::ParametersFile),
    sys("fail", 1, &[S], ANY),
    sys("filter", 2, &[A, L], A),
    sys("first", 1, &[SA], ANY),
    sys("flatten", 1, &[AN], A),
    more(sys("format", 1, &[S], S), ANY),
    only(az("getSecret", 4, &[S, S, S, S, S], S), Use::ParametersFile),
    sys("groupBy", 2, &[A, L, L], O),
    more(sys("guid", 1, &[S], S), S),
    sys("indexOf", 2, &[SA, ANY], I),
    sys("int", 1, &[SI], I),
    more(sys("intersection", 2, &[OA, OA], OA), OA),
    sys("items", 1, &[O], A),
    sys("join", 2, &[A, S], S),
    sys("json", 1, &[S], ANY),
    sys("last", 1, &[SA], ANY),
    sys("lastIndexOf", 2, &[SA, ANY], I),
    sys("length", 1, &[SOA], I),
    sys("like", 2, &[S, S], B),
    only(sys("loadDirectoryFileInfo", 1, &[S, S], A), Use::Load),
    only(sys("loadFileAsBase64", 1, &[S], S), Use::Load),
    only(sys("loadJsonContent", 1, &[S, S, S], ANY), Use::Load),
    only(sys("loadTextContent", 1, &[S, S], S), Use::Load),
    only(sys("loadYamlContent", 1, &[S, S, S], ANY), Use::Load),
    az("managementGroup", 0, &[S], O),
    more(az("managementGroupResourceId", 2, &[S, S], S), S),
    sys("map", 2, &[A, L], A),
    sys("mapValues", 2, &[O, L], O),
    more(sys("max", 1, &[I.or(A)], I), I),
    more(sys("min", 1, &[I.or(A)], I), I),
    only(sys("nameof", 1, &[ANY], S), Use::CompileTime),
    only(sys("newGuid", 0, &[], S), Use::ParameterDefault),
    sys("objectKeys", 1, &[O], A),
    sys("padLeft", 2, &[SI, I, S], S),
    sys("parseCidr", 1, &[S], O),
    sys("parseUri", 1, &[S], O),
    az("pickZones", 3, &[S, S, S, I, I], A),
    az("providers", 1, &[S, S], O),
    sys("range", 2, &[I, I], A),
    only(sys("readCliArg", 1, &[S], S), Use::ParametersFile),
    only(sys("readEnvVar", 1, &[S], S), Use::ParametersFile),
    only(sys("readEnvironmentVariable", 1, &[S, S], S), Use::ParametersFile),
    sys("reduce", 3, &[A, ANY, L], ANY),
    only(az("reference", 1, &[S, S, S], O), Use::RunTime),
    sys("replace", 3, &[S, S, S], S),
    az("resourceGroup", 0, &[S, S], O),
    more(az("resourceId", 2, &[S, S], S), S),
    sys("shallowMerge", 1, &[A], O),
    sys("skip", 2, &[SA, I], SA),
    sys("sort", 2, &[A, L], A),
    sys("split", 2, &[S, SA], A),
    sys("startsWith", 2, &[S, S], B),
    sys("string", 1, &[ANY], S),
    az("subscription", 0, &[S], O),
    more(az("subscriptionResourceId", 2, &[S, S], S), S),
    sys("substring", 2, &[S, I, I], S),
    sys("take", 2, &[SA, I], SA),
    az("tenant", 0, &[], O),
    more(az("tenantResourceId", 2, &[S, S], S), S),
    only(az("toLogicalZone", 3, &[S, S, S], S), Use::RunTime),
    only(az("toLogicalZones", 3, &[S, S, A], A), Use::RunTime),
    sys("toLower", 1, &[S], S),
    sys("toObject", 2, &[A, L, L], O),
    only(az("toPhysicalZone", 3, &[S, S, S], S), Use::RunTime),
    only(az("toPhysicalZones", 3, &[S, S, A], A), Use::RunTime),
    sys("toUpper", 1, &[S], S),
    sys("trim", 1, &[S], S),
    more(sys("union", 2, &[OA, OA], OA), OA),
    more(sys("uniqueString", 1, &[S], S), S),
    sys("uri", 2, &[S, S], S),
    sys("uriComponent", 1, &[S], S),
    sys("uriComponentToString", 1, &[S], S),
    only(sys("utcNow", 0, &[S], S), Use::ParameterDefault),
];

const fn form(minimum: usize, parameters: &'static [K]) -> Form {
    Form { minimum, parameters, rest: None }
}

const fn of_any_length(minimum: usize, parameters: &'static [K], rest: K) -> Form {
    Form { minimum, parameters, rest: Some(rest) }
}

/// What `concat` joins to a text.
const SCALAR: K = S.or(I).or(B);

/// Functions that Microsoft's compiler knows in several forms, sorted by name.
const FORMS: &[(&str, &[Form])] = &[
    ("concat", &[of_any_length(1, &[], A), of_any_length(1, &[], SCALAR)]),
    ("contains", &[form(2, &[O, S]), form(2, &[A, ANY]), form(2, &[S, S])]),
    ("first", &[form(1, &[A]), form(1, &[S])]),
    ("indexOf", &[form(2, &[S, S]), form(2, &[A, ANY])]),
    ("intersection", &[of_any_length(2, &[], O), of_any_length(2, &[], A)]),
    ("last", &[form(1, &[A]), form(1, &[S])]),
    ("lastIndexOf", &[form(2, &[S, S]), form(2, &[A, ANY])]),
    ("length", &[form(1, &[S.or(O)]), form(1, &[A])]),
    ("managementGroupResourceId", &[of_any_length(2, &[], S), of_any_length(3, &[], S)]),
    ("max", &[of_any_length(1, &[], I), form(1, &[A])]),
    ("min", &[of_any_length(1, &[], I), form(1, &[A])]),
    (
        "resourceId",
        &[
            of_any_length(2, &[], S),
            of_any_length(3, &[], S),
            of_any_length(3, &[], S),
            of_any_length(4, &[], S),
        ],
    ),
    ("skip", &[form(2, &[A, I]), form(2, &[S, I])]),
    ("subscriptionResourceId", &[of_any_length(2, &[], S), of_any_length(3, &[], S)]),
    ("take", &[form(2, &[A, I]), form(2, &[S, I])]),
    ("union", &[of_any_length(2, &[], O), of_any_length(2, &[], A)]),
];

/// What to write instead of an ARM function that Bicep does not have, with the code of the complaint.
pub fn replacement(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match name {
        "variables" => ("BCP060", "refer to the variable by its name"),
        "parameters" => ("BCP061", "refer to the parameter by its name"),
        "if" => ("BCP100", "use `condition ? a : b`"),
        "createArray" => ("BCP101", "use `[a, b]`"),
        "createObject" => ("BCP102", "use `{ key: value }`"),
        "add" => ("BCP069", "use `a + b`"),
        "sub" => ("BCP069", "use `a - b`"),
        "mul" => ("BCP069", "use `a * b`"),
        "div" => ("BCP069", "use `a / b`"),
        "mod" => ("BCP069", "use `a % b`"),
        "less" => ("BCP069", "use `a < b`"),
        "lessOrEquals" => ("BCP069", "use `a <= b`"),
        "greater" => ("BCP069", "use `a > b`"),
        "greaterOrEquals" => ("BCP069", "use `a >= b`"),
        "equals" => ("BCP069", "use `a == b`"),
        "not" => ("BCP069", "use `!a`"),
        "and" => ("BCP069", "use `a && b`"),
        "or" => ("BCP069", "use `a || b`"),
        "coalesce" => ("BCP069", "use `a ?? b`"),
        _ => return None,
    })
}

/// The declarations that a decorator may stand on, as a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sites(u16);

impl Sites {
    /// `param`.
    pub const PARAMETER: Self = Self(1);
    /// `var`.
    pub const VARIABLE: Self = Self(2);
    /// `resource`.
    pub const RESOURCE: Self = Self(4);
    /// `module`.
    pub const MODULE: Self = Self(8);
    /// `output`.
    pub const OUTPUT: Self = Self(16);
    /// `type`, and properties and items of types.
    pub const TYPE: Self = Self(32);
    /// `func`.
    pub const FUNCTION: Self = Self(64);
    /// `metadata`.
    pub const METADATA: Self = Self(128);
    /// `import` of symbols.
    pub const IMPORT: Self = Self(256);

    /// Whether one of these is in the other set.
    pub fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// A decorator. All live in `sys`.
#[derive(Debug, Clone, Copy)]
pub struct Decorator {
    /// Its name.
    pub name: &'static str,
    /// What it may stand on.
    pub sites: Sites,
    /// The fewest arguments it takes.
    pub minimum: usize,
    /// The kinds of its arguments.
    pub parameters: &'static [Kinds],
    /// The kinds of types that it may describe; nothing if it does not matter.
    pub target: Option<Kinds>,
    /// The experiment that it belongs to.
    pub experiment: Option<&'static str>,
}

/// The decorator of this name.
pub fn decorator(name: &str) -> Option<&'static Decorator> {
    DECORATORS.iter().find(|decorator| decorator.name == name)
}

/// All decorators, sorted by name.
pub fn decorators() -> &'static [Decorator] {
    DECORATORS
}

const TYPED: Sites = Sites::PARAMETER.or(Sites::OUTPUT).or(Sites::TYPE);
const DEPLOYED: Sites = Sites::RESOURCE.or(Sites::MODULE);
const EXPORTED: Sites = Sites::TYPE.or(Sites::VARIABLE).or(Sites::FUNCTION);
const DESCRIBED: Sites =
    TYPED.or(DEPLOYED).or(Sites::VARIABLE).or(Sites::FUNCTION).or(Sites::METADATA);

const fn deco(
    name: &'static str,
    sites: Sites,
    parameters: &'static [K],
    target: Option<K>,
) -> Decorator {
    Decorator { name, sites, minimum: parameters.len(), parameters, target, experiment: None }
}

const DECORATORS: &[Decorator] = &[
    deco("allowed", Sites::PARAMETER, &[A], Some(ANY)),
    deco("batchSize", DEPLOYED, &[I], None),
    deco("description", DESCRIBED.or(Sites::IMPORT), &[S], None),
    deco("discriminator", TYPED, &[S], Some(O)),
    deco("export", EXPORTED, &[], None),
    deco("maxLength", TYPED, &[I], Some(SA)),
    deco("maxValue", TYPED, &[I], Some(I)),
    deco("metadata", TYPED, &[O], None),
    deco("minLength", TYPED, &[I], Some(SA)),
    deco("minValue", TYPED, &[I], Some(I)),
    deco("nullIfNotFound", Sites::RESOURCE, &[], None),
    deco("onlyIfNotExists", Sites::RESOURCE, &[], None),
    Decorator { minimum: 1, ..deco("retryOn", Sites::RESOURCE, &[A, I], None) },
    deco("sealed", TYPED, &[], Some(O)),
    deco("secure", TYPED, &[], Some(S.or(O))),
    Decorator {
        minimum: 1,
        experiment: Some("userDefinedConstraints"),
        ..deco("validate", TYPED, &[L, S], None)
    },
    deco("waitUntil", Sites::RESOURCE, &[L, S], None),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted_and_the_functions_found() {
        assert!(FUNCTIONS.is_sorted_by(|left, right| left.name < right.name));
        assert!(DECORATORS.is_sorted_by(|left, right| left.name < right.name));
        assert!(FORMS.is_sorted_by(|left, right| left.0 < right.0));
        assert_eq!(function(None, "concat").map(|found| found.namespace), Some(Namespace::Sys));
        assert!(function(Some(Namespace::Az), "concat").is_none());
        assert_eq!(function(None, "listKeys").map(|found| found.usage), Some(Use::RunTime));
        assert_eq!(function(None, "listkeys").map(|found| found.usage), Some(Use::RunTime));
        assert!(function(None, "enlist").is_none());
        assert!(function(None, "coalesce").is_none() && replacement("coalesce").is_some());
    }
}
