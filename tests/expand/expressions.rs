use std::rc::Rc;
use std::time::Duration;

use prebake::arm::evaluate::{
    Context, Evaluated, Evaluator, Locals, Lookup, Problem, Scope, UserFunction, Work,
};
use prebake::arm::expression::{self, Expression};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::processor::within;

/// A scope with a few names: `known` has values, `later` gets its value only at deployment.
struct Names {
    context: Context,
    work: Work,
}

impl Scope for Names {
    fn parameter(&self, name: &str, _: &Evaluator<'_>) -> Lookup {
        match name {
            "later" => Lookup::Symbolic,
            "known" => Lookup::Known(Rc::new(Evaluated::from_plain(&json!({
                "list": [1, 2, 3], "name": "n", "inner": { "a": { "b": "deep" } }
            })))),
            _ => Lookup::Missing,
        }
    }

    fn variable(&self, name: &str, evaluator: &Evaluator<'_>) -> Lookup {
        match name {
            "mixed" => Lookup::Known(Rc::new(evaluator.value(
                &json!({ "a": "[parameters('later')]", "b": ["x", "[parameters('later')]"] }),
                &Locals::NONE,
            ))),
            _ => Lookup::Missing,
        }
    }

    fn function(&self, name: &str) -> Option<Rc<UserFunction>> {
        (name == "__bicep.double").then(|| {
            let body = expression::parse("mul(parameters('number'), 2)").expect("an expression");
            Rc::new(UserFunction { parameters: vec!["number".to_owned()], body })
        })
    }

    fn context(&self) -> &Context {
        &self.context
    }

    fn work(&self) -> &Work {
        &self.work
    }
}

pub(super) fn evaluate_in(context: Context, text: &str) -> (Value, Vec<Problem>) {
    let names = Names { context, work: Work::default() };
    let evaluator = Evaluator::new(&names);
    let value = evaluator.text(&format!("[{text}]"), &Locals::NONE).to_template();
    (value, evaluator.take_problems())
}

pub(super) fn evaluate(text: &str) -> Value {
    let (value, problems) = evaluate_in(Context::default(), text);
    assert_eq!(problems, [], "{text}");
    value
}

fn check(cases: &[(&str, Value)]) {
    for (text, expected) in cases {
        assert_eq!(evaluate(text), *expected, "{text}");
    }
}

/// Vectors made by Azure or by its own library, as published in the issues and repositories of others.
#[test]
fn names_hash_as_azure_hashes_them() {
    check(&[
        ("uniqueString('test')", json!("rbgf3xv4ufgzg")),
        ("uniqueString('tyeth')", json!("zcztcwvu6iyg6")),
        ("uniqueString('hello', 'world')", json!("a7wkljktk6wne")),
        ("uniqueString('abc')", json!("cgtzqvhu4i23s")),
        ("uniqueString('foo', 'bar', 'baz')", json!("xzi4ioaxtmth4")),
        (
            "uniqueString('/subscriptions/3c7f956b-55ee-4686-9d30-da1eb631dc59/resourceGroups/rg-devopsshieldek010dev')",
            json!("fd63l2gacbtca"),
        ),
    ]);
}

/// `python3 -c "import uuid; print(uuid.uuid5(uuid.UUID('11fb06fb-712d-4ddd-98c7-e71bbd588830'), 'a-b'))"`
#[test]
fn guid_is_a_version_5_uuid_in_azures_namespace() {
    check(&[
        ("guid('a', 'b')", json!("2d796349-8c7e-55ec-9624-54ece82ed031")),
        ("guid('')", json!("e655a85f-3ab2-5e4a-9666-569aa72a5a10")),
    ]);
}

#[test]
fn texts() {
    check(&[
        ("concat('a', 1, true())", json!("a1True")),
        ("format('{0}-{1:D3}|{2,4}|{3,-3}|{{}}', 'x', 7, 'ab', 'c')", json!("x-007|  ab|c  |{}")),
        ("format('{0:N0} {0:X} {0:F1} {0:000000}', 12345)", json!("12,345 3039 12345.0 012345")),
        ("padLeft('7', 3, '0')", json!("007")),
        ("padLeft(7, 3)", json!("  7")),
        ("replace('a-b-c', '-', '')", json!("abc")),
        ("split('a,b;c', createArray(',', ';'))", json!(["a", "b", "c"])),
        ("split('', ',')", json!([""])),
        ("substring('hello', 1, 3)", json!("ell")),
        ("substring('hello', 2)", json!("llo")),
        ("take('hello', 99)", json!("hello")),
        ("skip('hello', -1)", json!("hello")),
        ("toUpper('Straße')", json!("STRAßE")),
        ("trim('  x ')", json!("x")),
        ("indexOf('abcDEF', 'de')", json!(3)),
        ("lastIndexOf('ababab', 'AB')", json!(4)),
        ("indexOf('abc', 'z')", json!(-1)),
        ("startsWith('abcdef', 'AB')", json!(true)),
        ("endsWith('abcdef', 'EF')", json!(true)),
        ("join(createArray('a', 1, 'c'), ', ')", json!("a, 1, c")),
        ("string(createObject('a', createArray(1, true())))", json!("{\"a\":[1,true]}")),
        ("first('one')", json!("o")),
        ("last('one')", json!("e")),
        ("empty('')", json!(true)),
        ("'it''s'", json!("it's")),
        ("concat('[', 'x]')", json!("[[x]")),
        ("contains('OneTwo', 'two')", json!(false)),
    ]);
}

#[test]
fn encodings() {
    check(&[
        ("base64('one, two, three')", json!("b25lLCB0d28sIHRocmVl")),
        ("base64ToString('b25lLCB0d28sIHRocmVl')", json!("one, two, three")),
        ("base64ToJson(base64('{\"one\": \"a\"}')).one", json!("a")),
        (
            "buildUri(createObject('scheme', 'https', 'host', 'a.b', 'path', 'c d'))",
            json!("https://a.b/c d"),
        ),
        (
            "parseUri('https://u@a.b:8080/c/d?x=1#f')",
            json!({ "scheme": "https", "host": "a.b", "port": 8080, "path": "/c/d", "query": "?x=1" }),
        ),
        ("uri('https://a.b/c/d', '../e')", json!("https://a.b/e")),
        ("uri('http://x', 'https://q.r')", json!("https://q.r/")),
        ("dataUri('Hello')", json!("data:text/plain;charset=utf-8;base64,SGVsbG8=")),
        ("dataUriToString('data:;base64,SGVsbG8sIFdvcmxkIQ==')", json!("Hello, World!")),
        ("uriComponent('http://contoso.com/a b')", json!("http%3A%2F%2Fcontoso.com%2Fa%20b")),
        (
            "uriComponentToString('http%3A%2F%2Fcontoso.com%2Fa%20b')",
            json!("http://contoso.com/a b"),
        ),
        (
            "uri('http://contoso.org/firstpath', 'myscript.sh')",
            json!("http://contoso.org/myscript.sh"),
        ),
        (
            "uri('http://contoso.org/firstpath/', 'myscript.sh')",
            json!("http://contoso.org/firstpath/myscript.sh"),
        ),
        (
            "uri('http://contoso.org/firstpath/azuredeploy.json', 'myscript.sh')",
            json!("http://contoso.org/firstpath/myscript.sh"),
        ),
        (
            "uri('http://contoso.org/firstpath/azuredeploy.json/', 'myscript.sh')",
            json!("http://contoso.org/firstpath/azuredeploy.json/myscript.sh"),
        ),
        ("uri('https://contoso.org', '/x')", json!("https://contoso.org/x")),
        ("json('{\"a\": [1.5, null]}')", json!({ "a": [1.5, null] })),
    ]);
}

#[test]
fn numbers() {
    check(&[
        ("add(3, sub(1, mul(2, 5)))", json!(-6)),
        ("div(8, 3)", json!(2)),
        ("mod(7, 3)", json!(1)),
        ("max(createArray(0, 3, 2))", json!(3)),
        ("min(4, 2, 9)", json!(2)),
        ("int('42')", json!(42)),
        ("range(5, 3)", json!([5, 6, 7])),
        ("bool('TRUE')", json!(true)),
        ("bool(0)", json!(false)),
        ("greaterOrEquals(2, 2)", json!(true)),
        ("less('a', 'b')", json!(true)),
        ("json('1.0')", json!(1.0)),
    ]);
}

#[test]
fn arrays_and_objects() {
    check(&[
        ("union(createArray('a', 'b'), createArray('b', 'c'))", json!(["a", "b", "c"])),
        (
            "union(json('{\"p\": {\"one\": \"a\", \"three\": \"c1\"}, \"n\": [1, 2]}'), json('{\"p\": {\"three\": \"c2\"}, \"n\": [3]}'))",
            json!({ "p": { "one": "a", "three": "c2" }, "n": [3] }),
        ),
        ("intersection(createArray(1, 2, 3), createArray(2, 3, 4))", json!([2, 3])),
        (
            "intersection(json('{\"one\": \"a\", \"two\": \"b\"}'), json('{\"one\": \"a\", \"two\": \"z\"}'))",
            json!({ "one": "a" }),
        ),
        ("flatten(createArray(createArray(1), createArray(2, 3)))", json!([1, 2, 3])),
        (
            "items(json('{\"b\": 1, \"a\": 2}'))",
            json!([{ "key": "a", "value": 2 }, { "key": "b", "value": 1 }]),
        ),
        ("objectKeys(createObject('a', 1, 'b', 2))", json!(["a", "b"])),
        ("objectKeys(createObject('nested', 1, 'b', 2, 'Key', 3))", json!(["b", "Key", "nested"])),
        (
            "union(createObject('a', true()), createObject('b', null(), 'a', null()))",
            json!({ "a": true, "b": null }),
        ),
        (
            "shallowMerge(createArray(json('{\"a\": {\"x\": 1}}'), json('{\"a\": {\"y\": 2}}')))",
            json!({ "a": { "y": 2 } }),
        ),
        ("tryGet(json('{\"a\": [10]}'), 'a', 0)", json!(10)),
        ("tryGet(json('{}'), 'a', 'b')", json!(null)),
        ("tryIndexFromEnd(createArray(1, 2), 1)", json!(2)),
        ("indexFromEnd(createArray(1, 2), 2)", json!(1)),
        ("contains(createObject('A', 1), 'a')", json!(true)),
        ("contains(createArray(1, 2), 2)", json!(true)),
        ("indexOf(createArray('x', 'y'), 'y')", json!(1)),
        ("coalesce(null(), tryGet(json('{}'), 'x'), 'd')", json!("d")),
        ("parameters('known').INNER.a['b']", json!("deep")),
        ("parameters('known').list[1]", json!(2)),
        ("equals(createArray(1, 'a'), createArray(1, 'a'))", json!(true)),
        ("if(false(), parameters('gone'), 'fine')", json!("fine")),
        ("first(createArray())", json!(null)),
    ]);
}

#[test]
fn lambdas() {
    check(&[
        ("map(range(0, 3), lambda('i', mul(lambdaVariables('i'), 2)))", json!([0, 2, 4])),
        (
            "map(createArray('a', 'b'), lambda('x', 'i', format('{0}{1}', lambdaVariables('x'), lambdaVariables('i'))))",
            json!(["a0", "b1"]),
        ),
        (
            "filter(range(0, 5), lambda('i', equals(mod(lambdaVariables('i'), 2), 0)))",
            json!([0, 2, 4]),
        ),
        (
            "reduce(range(1, 4), 0, lambda('a', 'b', add(lambdaVariables('a'), lambdaVariables('b'))))",
            json!(10),
        ),
        (
            "sort(createArray(3, 1, 2), lambda('a', 'b', less(lambdaVariables('a'), lambdaVariables('b'))))",
            json!([1, 2, 3]),
        ),
        ("sort(range(0, 5), lambda('a', 'b', true()))", json!([0, 1, 2, 3, 4])),
        (
            "groupBy(createArray('ab', 'b', 'ac'), lambda('x', first(lambdaVariables('x'))))",
            json!({ "a": ["ab", "ac"], "b": ["b"] }),
        ),
        (
            "toObject(createArray('a', 'b'), lambda('x', lambdaVariables('x')), lambda('x', toUpper(lambdaVariables('x'))))",
            json!({ "a": "A", "b": "B" }),
        ),
        (
            "mapValues(createObject('a', 1), lambda('v', add(lambdaVariables('v'), 1)))",
            json!({ "a": 2 }),
        ),
        (
            "map(range(0, 2), lambda('x', map(range(0, 2), lambda('y', add(mul(lambdaVariables('x'), 10), lambdaVariables('y'))))))",
            json!([[0, 1], [10, 11]]),
        ),
        ("__bicep.double(__bicep.double(3))", json!(12)),
    ]);
}

#[test]
fn dates() {
    check(&[
        ("dateTimeAdd('2020-04-07 14:53:14Z', 'P3Y')", json!("2023-04-07T14:53:14Z")),
        ("dateTimeAdd('2020-04-07 14:53:14Z', '-P9D')", json!("2020-03-29T14:53:14Z")),
        ("dateTimeAdd('2020-04-07 14:53:14Z', 'PT1H')", json!("2020-04-07T15:53:14Z")),
        ("dateTimeAdd('2024-02-29T12:34:56Z', '-P1M', 'yyyy-MM-dd')", json!("2024-01-30")),
        ("dateTimeAdd('2020-01-31 23:59:59Z', 'P1Y2M3DT4H5M6S')", json!("2021-04-04T04:05:05Z")),
        ("dateTimeAdd('2021-12-31', 'PT90M', 'd MMM yy HH:mm')", json!("31 Dec 21 01:30")),
        ("dateTimeAdd('2024-03-10T01:30:00-05:00', 'PT1H')", json!("2024-03-10T02:30:00Z")),
        (
            "dateTimeAdd('2024-03-10T01:30:00-05:00', 'PT90M', 'o')",
            json!("2024-03-10T03:00:00.0000000-05:00"),
        ),
        ("dateTimeAdd('2021-12-31', 'P1D', 'o')", json!("2022-01-01T00:00:00.0000000+00:00")),
        ("dateTimeAdd('2024-03-10T01:30:00-05:00', 'P1D', 'u')", json!("2024-03-11 06:30:00Z")),
        (
            "dateTimeAdd('2024-03-10T01:30:00-05:00', 'PT1H', 'R')",
            json!("Sun, 10 Mar 2024 07:30:00 GMT"),
        ),
        (
            "dateTimeAdd('2020-01-31 23:59:59Z', '-P1M', 'R')",
            json!("Wed, 01 Jan 2020 23:59:59 GMT"),
        ),
        ("dateTimeFromEpoch(1683040573)", json!("2023-05-02T15:16:13Z")),
        ("dateTimeToEpoch('2023-05-02T15:16:13Z')", json!(1_683_040_573)),
        ("dateTimeToEpoch('2023-05-02T17:16:13+02:00')", json!(1_683_040_573)),
    ]);
}

/// The examples of Azure's documentation.
/// Each with what Azure's engine gives.
#[test]
fn texts_count_and_change_as_in_dotnet() {
    check(&[
        ("length('😀 x')", json!(4)),
        ("take('😀 x', 2)", json!("😀")),
        ("skip('😀 x', 2)", json!(" x")),
        ("last('😀 x')", json!("x")),
        ("indexOf('😀 x', 'x')", json!(3)),
        ("first('ÄÖü ß')", json!("Ä")),
        ("toLower(take('İstanbul', 1))", json!("İ")),
        ("toLower('ÄÖü ß')", json!("äöü ß")),
        ("greater('İstanbul', 'x-y_z.1')", json!(false)),
        ("less('2024-02-29T12:34:56Z', '[[x')", json!(false)),
        (
            "sort(createArray('Hello World', '😀 x', 'aGVsbG8='), lambda('a', 'b', less(lambdaVariables('a'), lambdaVariables('b'))))",
            json!(["😀 x", "aGVsbG8=", "Hello World"]),
        ),
        (
            "buildUri(createObject('scheme', 'https', 'host', 'a.b', 'path', '\n\t\\'))",
            json!("https://a.b/%0A%09/"),
        ),
        (
            "buildUri(createObject('scheme', 'https', 'host', 'a.b', 'path', '%20a%2Fb'))",
            json!("https://a.b/ a%2Fb"),
        ),
        (
            "subscriptionResourceId('S', 'Microsoft.Authorization/roleDefinitions', '')",
            json!("/subscriptions/S/providers/Microsoft.Authorization/"),
        ),
    ]);
}

#[test]
fn address_ranges() {
    check(&[
        (
            "parseCidr('10.144.0.0/20')",
            json!({ "network": "10.144.0.0", "netmask": "255.255.240.0", "broadcast": "10.144.15.255",
                    "firstUsable": "10.144.0.1", "lastUsable": "10.144.15.254", "cidr": 20 }),
        ),
        ("cidrSubnet('10.144.0.0/20', 24, 0)", json!("10.144.0.0/24")),
        ("cidrSubnet('10.144.0.0/20', 24, 15)", json!("10.144.15.0/24")),
        ("cidrHost('10.144.3.0/24', 0)", json!("10.144.3.1")),
        ("cidrHost('10.144.3.0/24', 4)", json!("10.144.3.5")),
        ("cidrSubnet('fdad:3236:5555::/48', 52, 3)", json!("fdad:3236:5555:3000::/52")),
    ]);
}

#[test]
fn what_only_azure_knows_stays_an_expression_and_blanks_nothing() {
    check(&[
        (
            "reference(concat('a', 'b'), '2020-01-01').x[0].y",
            json!("[reference('ab', '2020-01-01').x[0].y]"),
        ),
        (
            "concat('a', parameters('later'), 'b', 1)",
            json!("[concat('a', parameters('later'), 'b1')]"),
        ),
        (
            "format('{0}/{1}/{0}', 'known', parameters('later'))",
            json!("[format('{0}/{1}/{0}', 'known', parameters('later'))]"),
        ),
        (
            "createObject('a', 1, 'b', parameters('later'))",
            json!({ "a": 1, "b": "[parameters('later')]" }),
        ),
        ("length(variables('mixed').b)", json!(2)),
        ("variables('mixed').b[0]", json!("x")),
        ("if(parameters('later'), add(1, 2), 'x')", json!("[if(parameters('later'), 3, 'x')]")),
        ("and(true(), parameters('later'), false())", json!(false)),
        ("and(true(), parameters('later'))", json!("[parameters('later')]")),
        ("or(parameters('later'), true())", json!(true)),
        (
            "equals(createArray(parameters('later'), 1), createArray(parameters('later'), 2))",
            json!(false),
        ),
        (
            "map(createArray(parameters('later'), 2), lambda('x', createObject('v', lambdaVariables('x'))))",
            json!([{ "v": "[parameters('later')]" }, { "v": 2 }]),
        ),
        (
            "filter(createArray(1, 2), lambda('x', equals(lambdaVariables('x'), add(parameters('later'), sub(2, 1)))))",
            json!(
                "[filter(createArray(1, 2), lambda('x', equals(lambdaVariables('x'), add(parameters('later'), 1))))]"
            ),
        ),
        ("tryGet(parameters('later'), 'a')", json!("[tryGet(parameters('later'), 'a')]")),
        ("utcNow('u')", json!("[utcNow('u')]")),
        ("listKeys('id', '2020').keys[0].value", json!("[listKeys('id', '2020').keys[0].value]")),
        ("subscription().displayName", json!("[subscription().displayName]")),
        ("coalesce(parameters('later'), 'x')", json!("[coalesce(parameters('later'), 'x')]")),
        (
            "parameters('known').list[parameters('later')]",
            json!("[createArray(1, 2, 3)[parameters('later')]]"),
        ),
        ("json('[1.5]')[0]", json!(1.5)),
        (
            "string(createArray(parameters('later')))",
            json!("[string(createArray(parameters('later')))]"),
        ),
    ]);
}

#[test]
fn what_azure_would_refuse_is_reported_once_and_left_in_place() {
    for (text, part) in [
        ("parameters('gone')", "no parameter is named `gone`"),
        ("concat(variables('gone'), 'x')", "no variable is named `gone`"),
        ("parameters('known').gone", "no property `gone`"),
        ("parameters('known').list[7]", "no item 7"),
        ("add(1, 'x')", "expected an integer, found a string"),
        ("add(9223372036854775807, 1)", "64-bit"),
        ("div(1, 0)", "64-bit"),
        ("frobnicate(1)", "`frobnicate` is not a function"),
        ("substring('abc', 2, 5)", "outside"),
        ("format('{0} {1}', 1)", "argument 1"),
        ("format('{', 1)", "not a valid format string"),
        ("copyIndex()", "outside its loop"),
        ("length()", "does not accept 0 arguments"),
        ("json('{')", "not valid JSON"),
        ("range(0, 100000000)", "cannot create"),
        ("cidrHost('10.0.0.0/30', 2)", "does not contain this host"),
        ("resourceId('A.B/c/d', 'x')", "expects 2 names"),
        ("__bicep.gone()", "no function is named"),
        ("if('x', 1, 2)", "condition"),
        ("string(null())", "expected a value, found null"),
        ("first('😀 x')", "inside a character"),
        ("take('😀 x', 1)", "inside a character"),
        ("substring('a😀', 0, 2)", "inside a character"),
        (
            "extensionResourceId('/x', 'Microsoft.Authorization/locks', '10.0.0.0/16')",
            "contains a `/`",
        ),
        (
            "subscriptionResourceId('S', 'Microsoft.Authorization/roleDefinitions', 'd/é')",
            "contains a `/`",
        ),
    ] {
        let (_, problems) = evaluate_in(Context::default(), text);
        assert_eq!(problems.len(), 1, "{text}: {problems:?}");
        assert!(problems[0].title.contains(part), "{text}: {}", problems[0].title);
        assert!(!problems[0].help.is_empty());
    }
}

#[test]
fn work_is_bounded() {
    let doubled = (0..40).fold("createArray(1)".to_owned(), |inner, _| {
        format!("reduce(range(0, 2), createArray(), lambda('a', 'b', concat(lambdaVariables('a'), {inner})))")
    });
    let (_, problems) = evaluate_in(Context::default(), &doubled);
    assert_eq!(problems.len(), 1, "{problems:?}");
    let loops = "map(range(0, 9999), lambda('a', map(range(0, 9999), lambda('b', map(range(0, 9999), lambda('c', 1))))))";
    let (_, problems) = evaluate_in(Context::default(), loops);
    assert_eq!(problems[0].title, "the template takes too much work to evaluate");
}

#[test]
fn nesting_is_bounded_in_a_small_stack() {
    let deep = |depth: usize| format!("{}1{}", "concat(".repeat(depth), ")".repeat(depth));
    assert_eq!(evaluate(&deep(100)), json!("1"));
    for text in [
        deep(100_000),
        "a".repeat(100_000),
        "(".repeat(100_000),
        "x().y".to_owned() + &".y".repeat(10_000),
    ] {
        let (_, problems) = evaluate_in(Context::default(), &text);
        assert_eq!(problems.len(), 1);
    }
}

fn any_expression() -> impl Strategy<Value = Expression> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(Expression::Integer),
        ".{0,12}".prop_map(Expression::String),
    ];
    leaf.prop_recursive(5, 40, 4, |inner| {
        prop_oneof![
            (
                "[a-zA-Z_][a-zA-Z0-9_]{0,8}(\\.[a-z]{1,4})?",
                prop::collection::vec(inner.clone(), 0..4)
            )
                .prop_map(|(name, arguments)| Expression::call(name, arguments)),
            (inner.clone(), ".{0,8}").prop_map(|(base, name)| base.property(name)),
            (inner.clone(), inner).prop_map(|(base, index)| base.index(index)),
        ]
    })
}

proptest! {
    /// What RFC 8259 allows means the same, save the integer `-0`.
    #[test]
    fn json_is_read_as_json(text in "[\\[\\]{}\",:a01.eE+ \\\\u-]{0,24}") {
        let expected = serde_json::from_str::<Value>(&text).ok();
        if let Some(expected) = expected.filter(|_| !text.contains("-0")) {
            let call = Expression::call("json", vec![Expression::String(text)]);
            let names = Names { context: Context::default(), work: Work::default() };
            let found = Evaluator::new(&names).text(&call.to_template_string(), &Locals::NONE);
            prop_assert_eq!(found, Evaluated::from_plain(&expected));
        }
    }
}

proptest! {
    #[test]
    fn printing_and_parsing_round_trip(expression in any_expression()) {
        let text = expression.to_string();
        let parsed = expression::parse(&text).expect("what is printed can be read");
        prop_assert_eq!(parsed.to_string(), text);
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,80}") {
        let _ = evaluate_in(Context::default(), &text);
    }

    #[test]
    fn no_call_panics(text in "(format|substring|split|range|take|dateTimeAdd|cidrSubnet|cidrHost|padLeft|uri|replace|sort|union|items|int|json|base64ToString|parseCidr|resourceId|tryGet)\\(('[a-z0-9{}:,/.%PTZ-]{0,9}'|-?[0-9]{1,19}|createArray\\(1, 'a'\\)|null\\(\\)|parameters\\('later'\\))(, ('[a-z0-9{}:/.P-]{0,6}'|-?[0-9]{1,19}|parameters\\('later'\\))){0,3}\\)") {
        let _ = evaluate_in(Context::default(), &text);
    }

    #[test]
    fn texts_survive_the_template(text in "[\\[\\]a-z']{0,6}") {
        let names = Names { context: Context::default(), work: Work::default() };
        let evaluator = Evaluator::new(&names);
        let written = Evaluated::String(text.clone()).to_template();
        prop_assert_eq!(evaluator.value(&written, &Locals::NONE), Evaluated::String(text));
    }
}

/// The work of a function grows with its arguments, not with their square.
#[test]
fn large_arguments_are_worked_on_in_time() {
    within(Duration::from_secs(60), "the evaluation", || {
        let many = |from: usize| format!("range({from}, 10000)");
        let joined =
            (1..12).fold(many(0), |all, at| format!("union({all}, {})", many(at * 10_000)));
        assert_eq!(evaluate(&format!("length({joined})")), json!(120_000));
        assert_eq!(evaluate(&format!("length(intersection({joined}, {joined}))")), json!(120_000));
        let text = format!("'{}'", "x".repeat(200_000));
        let delimiters = vec!["'ab'"; 300].join(", ");
        let (_, problems) =
            evaluate_in(Context::default(), &format!("split({text}, createArray({delimiters}))"));
        assert_eq!(problems.len(), 1, "{problems:?}");
        let (_, problems) =
            evaluate_in(Context::default(), &format!("format('{}', {text})", "{0}".repeat(100)));
        assert_eq!(problems.len(), 1, "{problems:?}");
    });
}

#[test]
fn merging_compares_names_without_their_case() {
    let one = "createObject('Name', 1, 'inner', createObject('A', 1))";
    let other = "createObject('name', 2, 'INNER', createObject('a', 3, 'b', 4))";
    let merged = json!({ "Name": 2, "inner": { "A": 3, "b": 4 } });
    assert_eq!(evaluate(&format!("union({one}, {other})")), merged);
    let shallow = json!({ "Name": 2, "inner": { "a": 3, "b": 4 } });
    assert_eq!(evaluate(&format!("shallowMerge(createArray({one}, {other}))")), shallow);
}
