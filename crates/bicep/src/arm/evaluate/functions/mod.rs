//! Takes the name and the evaluated arguments of a built-in function, gives its value.
//!
//! One table names them all with how many arguments each takes. Does not evaluate arguments and does not
//! know scopes: functions that must are in `evaluator`, `lambda` and `access`.

mod collate;
mod collection;
mod compare;
mod date;
mod encode;
mod format;
mod hash;
mod json;
mod lookup;
mod network;
mod number;
mod resource;
mod text;

pub(super) use resource::resource_id_with_placeholders;

use serde_json::Value;

use super::context::Context;
use super::value::Evaluated;

/// Why a function gives no value.
#[derive(Debug)]
pub(super) enum Failure {
    /// It depends on something that only Azure knows.
    Symbolic,
    /// Azure would refuse it.
    Wrong {
        /// What is wrong.
        title: String,
        /// What to do.
        help: String,
    },
}

type Outcome = Result<Evaluated, Failure>;
type Arguments<'a> = &'a [Evaluated];

enum Body {
    /// Depends on its arguments alone.
    Pure(fn(Arguments<'_>) -> Outcome),
    /// Depends on where the template is deployed, too.
    Placed(fn(Arguments<'_>, &Context) -> Outcome),
    /// Only Azure can compute it.
    Azure,
}

struct Function {
    name: &'static str,
    least: usize,
    most: usize,
    body: Body,
}

const ANY: usize = usize::MAX;
/// The longest text in bytes that one function makes: a template has at most 4 MB.
const LONGEST_TEXT: usize = 4_000_000;

const fn pure(
    name: &'static str,
    least: usize,
    most: usize,
    body: fn(Arguments<'_>) -> Outcome,
) -> Function {
    Function { name, least, most, body: Body::Pure(body) }
}

const fn placed(
    name: &'static str,
    least: usize,
    most: usize,
    body: fn(Arguments<'_>, &Context) -> Outcome,
) -> Function {
    Function { name, least, most, body: Body::Placed(body) }
}

const fn azure(name: &'static str, least: usize, most: usize) -> Function {
    Function { name, least, most, body: Body::Azure }
}

/// Every built-in function, by name without case.
static FUNCTIONS: &[Function] = &[
    pure("add", 2, 2, number::add),
    pure("array", 1, 1, collection::array),
    pure("base64", 1, 1, encode::base64),
    pure("base64ToJson", 1, 1, encode::base64_to_json),
    pure("base64ToString", 1, 1, encode::base64_to_string),
    pure("bool", 1, 1, compare::bool),
    pure("buildUri", 1, 1, encode::build_uri),
    pure("cidrHost", 2, 2, network::cidr_host),
    pure("cidrSubnet", 3, 3, network::cidr_subnet),
    pure("concat", 1, ANY, collection::concat),
    pure("contains", 2, 2, collection::contains),
    pure("createArray", 0, ANY, collection::create_array),
    pure("createObject", 0, ANY, collection::create_object),
    pure("dataUri", 1, 1, encode::data_uri),
    pure("dataUriToString", 1, 1, encode::data_uri_to_string),
    pure("dateTimeAdd", 2, 3, date::date_time_add),
    pure("dateTimeFromEpoch", 1, 1, date::from_epoch),
    pure("dateTimeToEpoch", 1, 1, date::to_epoch),
    azure("deployer", 0, 0),
    azure("deployment", 0, 0),
    pure("div", 2, 2, number::div),
    pure("empty", 1, 1, collection::empty),
    pure("endsWith", 2, 2, text::ends_with),
    placed("environment", 0, 0, resource::environment),
    pure("equals", 2, 2, compare::equals),
    placed("extensionResourceId", 3, ANY, resource::extension_resource_id),
    azure("externalInput", 1, 2),
    azure("externalInputs", 1, 1),
    pure("false", 0, 0, |_| Ok(Evaluated::Bool(false))),
    pure("first", 1, 1, collection::first),
    pure("flatten", 1, 1, collection::flatten),
    pure("float", 1, 1, number::float),
    pure("format", 1, ANY, format::format),
    azure("getSecret", 1, ANY),
    pure("greater", 2, 2, compare::greater),
    pure("greaterOrEquals", 2, 2, compare::greater_or_equals),
    pure("guid", 1, ANY, hash::guid),
    pure("indexFromEnd", 2, 2, collection::index_from_end),
    pure("indexOf", 2, 2, collection::index_of),
    pure("int", 1, 1, number::int),
    pure("intersection", 2, ANY, collection::intersection),
    pure("items", 1, 1, collection::items),
    pure("join", 2, 2, text::join),
    pure("json", 1, 1, encode::json),
    pure("last", 1, 1, collection::last),
    pure("lastIndexOf", 2, 2, collection::last_index_of),
    pure("length", 1, 1, collection::length),
    pure("less", 2, 2, compare::less),
    pure("lessOrEquals", 2, 2, compare::less_or_equals),
    azure("managementGroup", 0, 0),
    placed("managementGroupResourceId", 2, ANY, resource::management_group_resource_id),
    pure("max", 1, ANY, number::max),
    pure("min", 1, ANY, number::min),
    pure("mod", 2, 2, number::modulo),
    pure("mul", 2, 2, number::mul),
    azure("newGuid", 0, 0),
    pure("not", 1, 1, compare::not),
    pure("null", 0, 0, |_| Ok(Evaluated::Null)),
    pure("objectKeys", 1, 1, collection::object_keys),
    pure("padLeft", 2, 3, text::pad_left),
    pure("parseCidr", 1, 1, network::parse_cidr),
    pure("parseUri", 1, 1, encode::parse_uri),
    azure("pickZones", 3, 5),
    azure("providers", 1, 2),
    pure("range", 2, 2, number::range),
    azure("reference", 1, 3),
    azure("references", 1, 3),
    pure("replace", 3, 3, text::replace),
    azure("resourceGroup", 0, 0),
    placed("resourceId", 2, ANY, resource::resource_id),
    azure("resourceInfo", 1, 1),
    pure("shallowMerge", 1, 1, collection::shallow_merge),
    pure("skip", 2, 2, collection::skip),
    pure("split", 2, 2, text::split),
    pure("startsWith", 2, 2, text::starts_with),
    pure("string", 1, 1, encode::string),
    pure("sub", 2, 2, number::sub),
    azure("subscription", 0, 0),
    placed("subscriptionResourceId", 2, ANY, resource::subscription_resource_id),
    pure("substring", 2, 3, text::substring),
    pure("take", 2, 2, collection::take),
    azure("tenant", 0, 0),
    placed("tenantResourceId", 2, ANY, resource::tenant_resource_id),
    azure("toLogicalZone", 3, 3),
    azure("toLogicalZones", 3, 3),
    pure("toLower", 1, 1, text::to_lower),
    azure("toPhysicalZone", 3, 3),
    azure("toPhysicalZones", 3, 3),
    pure("toUpper", 1, 1, text::to_upper),
    pure("trim", 1, 1, text::trim),
    pure("true", 0, 0, |_| Ok(Evaluated::Bool(true))),
    pure("tryGet", 2, ANY, collection::try_get),
    pure("tryIndexFromEnd", 2, 2, collection::try_index_from_end),
    pure("union", 1, ANY, collection::union),
    pure("uniqueString", 1, ANY, hash::unique_string),
    pure("uri", 2, 2, encode::uri),
    pure("uriComponent", 1, 1, encode::uri_component),
    pure("uriComponentToString", 1, 1, encode::uri_component_to_string),
    azure("utcNow", 0, 1),
];

/// Applies a built-in function.
pub(super) fn apply(name: &str, arguments: &[Evaluated], context: &Context) -> Outcome {
    let Some(function) = FUNCTIONS.iter().find(|function| function.name.eq_ignore_ascii_case(name))
    else {
        // `listKeys`, `listAccountSas`...: a resource provider can offer any.
        if name.len() > 4 && name[..4].eq_ignore_ascii_case("list") {
            return Err(Failure::Symbolic);
        }
        let known = FUNCTIONS.iter().map(|function| function.name);
        let help = match crate::diagnostic::nearest(name, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "use a function of ARM templates".to_owned(),
        };
        return Err(Failure::Wrong {
            title: format!("`{name}` is not a function of ARM templates"),
            help,
        });
    };
    if !(function.least..=function.most).contains(&arguments.len()) {
        return Err(wrong(
            format!("`{}` does not accept {} arguments", function.name, arguments.len()),
            format!("pass {}", expected_count(function)),
        ));
    }
    match function.body {
        Body::Pure(body) => body(arguments),
        Body::Placed(body) => body(arguments, context),
        Body::Azure => Err(Failure::Symbolic),
    }
}

fn expected_count(function: &Function) -> String {
    match (function.least, function.most) {
        (least, ANY) => format!("at least {least}"),
        (least, most) if least == most => least.to_string(),
        (least, most) => format!("{least} to {most}"),
    }
}

fn wrong(title: impl Into<String>, help: impl Into<String>) -> Failure {
    Failure::Wrong { title: title.into(), help: help.into() }
}

/// A value of the wrong type, or one that is not known.
fn expected(what: &str, found: &Evaluated) -> Failure {
    match found {
        Evaluated::Symbolic(_) => Failure::Symbolic,
        found => {
            wrong(format!("expected {what}, found {}", found.type_name()), format!("pass {what}"))
        }
    }
}

fn text_of(value: &Evaluated) -> Result<&str, Failure> {
    match value {
        Evaluated::String(text) => Ok(text),
        other => Err(expected("a string", other)),
    }
}

fn integer_of(value: &Evaluated) -> Result<i64, Failure> {
    match value {
        Evaluated::Integer(number) => Ok(*number),
        other => Err(expected("an integer", other)),
    }
}

fn array_of(value: &Evaluated) -> Result<&[Evaluated], Failure> {
    match value {
        Evaluated::Array(items) => Ok(items),
        other => Err(expected("an array", other)),
    }
}

/// A value with no symbolic part.
fn plain(value: &Evaluated) -> Result<Value, Failure> {
    value.to_plain().ok_or(Failure::Symbolic)
}

/// A value as text, the way .NET prints it: `True`, `12`, compact JSON.
fn display(value: &Evaluated) -> Result<String, Failure> {
    Ok(match value {
        Evaluated::Null => String::new(),
        Evaluated::Bool(true) => "True".to_owned(),
        Evaluated::Bool(false) => "False".to_owned(),
        Evaluated::Integer(number) => number.to_string(),
        Evaluated::Number(number) => number.to_string(),
        Evaluated::String(text) => text.clone(),
        Evaluated::Array(_) | Evaluated::Object(_) => plain(value)?.to_string(),
        Evaluated::Symbolic(_) => return Err(Failure::Symbolic),
    })
}

#[expect(clippy::unnecessary_wraps, reason = "the last step of functions that can fail")]
fn string(text: impl Into<String>) -> Outcome {
    Ok(Evaluated::String(text.into()))
}

#[expect(clippy::unnecessary_wraps, reason = "the last step of functions that can fail")]
fn count(number: usize) -> Outcome {
    Ok(Evaluated::Integer(i64::try_from(number).unwrap_or(i64::MAX)))
}
