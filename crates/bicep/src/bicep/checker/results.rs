//! What built-in functions give.

use std::rc::Rc;

use super::Checker;
use super::forms::uri_parts;
use super::infer::printed_length;
use crate::arm::evaluate::{Evaluated, applied};
use crate::bicep::functions::{Form, Function, Kinds};
use crate::bicep::syntax::ExpressionSyntax;
use crate::bicep::types::{ArrayType, Flags, Integer, Marks, ObjectType, Property, Text, Type};
use crate::diagnostic::Span;

/// Functions whose value is known if their arguments are.
const FOLDED: [&str; 31] = [
    "base64",
    "base64ToString",
    "contains",
    "dataUri",
    "dataUriToString",
    "empty",
    "endsWith",
    "format",
    "guid",
    "indexOf",
    "intersection",
    "join",
    "lastIndexOf",
    "max",
    "min",
    "padLeft",
    "replace",
    "shallowMerge",
    "skip",
    "split",
    "startsWith",
    "substring",
    "take",
    "toLower",
    "toUpper",
    "trim",
    "union",
    "uniqueString",
    "uri",
    "uriComponent",
    "uriComponentToString",
];

/// Length of a GUID, in characters.
const GUID: i64 = 36;
/// Length of what `uniqueString` gives, in characters.
const HASH: i64 = 13;

/// The least and the greatest.
type Range = (Option<i64>, Option<i64>);

impl<'a> Checker<'a, '_> {
    /// What a call of a built-in function gives.
    pub(super) fn result(
        &self,
        function: &'static Function,
        form: &Form,
        syntax: &'a [ExpressionSyntax<'a>],
        arguments: &[Type<'a>],
    ) -> Type<'a> {
        let name = function.name;
        let first = arguments.first();
        if is_folded(name, first)
            && let [start, .., end] | [start @ end] = syntax
        {
            let place = Span::new(start.span().start, end.span().end);
            if let Some(found) = self.folded(name, arguments, place) {
                return found;
            }
        }
        let lambda = |at: usize| match syntax.get(at) {
            Some(ExpressionSyntax::Lambda(node)) => self.lambda_body(node),
            _ => Type::Any,
        };
        match name {
            "any" => Type::Any,
            "externalInput" => {
                for argument in syntax {
                    self.constant_value(*argument);
                }
                Type::Any
            }
            "fail" => Type::never(),
            "map" => array_like(lambda(1)),
            "reduce" => lambda(2),
            "filter" => {
                first.map_or(Type::array(), |first| of_array(first, |array| (None, array.maximum)))
            }
            "sort" => first.map_or(Type::array(), |first| {
                of_array(first, |array| (array.minimum, array.maximum))
            }),
            "toObject" => object_of(match arguments.len() {
                3 => lambda(2),
                _ => first.map_or(Type::Any, Type::item),
            }),
            "mapValues" => object_of(lambda(1)),
            "groupBy" => object_of(Type::array_of(match arguments.len() {
                3 => lambda(2),
                _ => first.map_or(Type::Any, Type::item),
            })),
            "flatten" => match first {
                Some(first) => self.flattened_type(first, syntax[0].span()),
                None => Type::array(),
            },
            "deployment" => self.deployment(),
            "json" => match (first, syntax.first()) {
                (Some(Type::String(Text { literal: Some(text), .. })), Some(place)) => {
                    self.parsed_json(text, place.span())
                }
                _ => Type::Any,
            },
            _ => shaped(name, arguments)
                .or_else(|| sized_text(name, arguments))
                .or_else(|| number(name, arguments))
                .or_else(|| array(name, arguments))
                .unwrap_or_else(|| Type::of_kinds(returned(function, form))),
        }
    }

    /// What `deployment` gives.
    fn deployment(&self) -> Type<'a> {
        let template = closed(vec![text("contentVersion")]);
        let link = closed(vec![text("id"), text("uri")]);
        let properties = closed(vec![part("template", template), part("templateLink", link)]);
        let mut all = vec![text("name"), part("properties", properties)];
        // A resource group has a location of its own.
        if self.target_scope_name() != Some("resourceGroup") {
            all.push(text("location"));
        }
        closed(all)
    }

    /// The items of an array's items.
    fn flattened_type(&self, kind: &Type<'a>, place: Span) -> Type<'a> {
        let unfit = |item: &Type<'a>| {
            let title = format!("`flatten` does not accept items of type `{}`", item.name());
            let words = ("every item must be an array", "pass an array of arrays");
            self.error("BCP309", place, title, words);
            Type::Error
        };
        match kind {
            Type::Array(array) => {
                let tuples = array.items.as_ref().and_then(|items| {
                    let inner = items.iter().map(|item| match item {
                        Type::Array(array) => array.items.clone(),
                        _ => None,
                    });
                    inner.collect::<Option<Vec<_>>>()
                });
                if let Some(tuples) = tuples {
                    return Type::tuple(
                        tuples.iter().flat_map(|items| items.iter().cloned()).collect(),
                    );
                }
                match array.item() {
                    Type::Error => Type::Error,
                    Type::Any => Type::array(),
                    Type::Array(inner) => {
                        Type::array_between(inner.item(), None, None, inner.marks)
                    }
                    Type::Union(members) => {
                        let mut items = Vec::new();
                        for member in members.iter() {
                            match member {
                                Type::Array(array) => items.push(array.item()),
                                other => return unfit(other),
                            }
                        }
                        Type::array_of(Type::any_of(items))
                    }
                    other => unfit(&other),
                }
            }
            Type::Union(members) => {
                let found = members.iter().map(|member| self.flattened_type(member, place));
                let found: Vec<Type<'a>> = found.collect();
                if found.iter().any(Type::is_error) {
                    return Type::Error;
                }
                Type::array_of(Type::any_of(found.iter().map(Type::item)))
            }
            _ => Type::array(),
        }
    }

    /// What a text that is known stands for as JSON.
    fn parsed_json(&self, text: &str, place: Span) -> Type<'a> {
        if let Ok(value) = serde_json::from_str(text) {
            return self.json_type(&value);
        }
        // Azure reads more than JSON.
        match applied("json", &[Evaluated::String(text.to_owned())]) {
            Ok(_) => Type::Any,
            Err(why) => {
                let words = (why.as_str(), "write valid JSON");
                self.error("BCP186", place, "the text is not JSON", words);
                Type::Error
            }
        }
    }

    fn json_type(&self, value: &serde_json::Value) -> Type<'a> {
        match value {
            serde_json::Value::Null => Type::Null,
            serde_json::Value::Bool(value) => Type::Bool(Some(*value), Marks::NONE),
            serde_json::Value::Number(number) => number.as_i64().map_or(Type::Any, Type::number),
            serde_json::Value::String(text) => Type::literal(self.arena.alloc_str(text)),
            serde_json::Value::Array(items) if items.is_empty() => Type::array_of(Type::never()),
            serde_json::Value::Array(items) => {
                Type::array_of(Type::any_of(items.iter().map(|item| self.json_type(item))))
            }
            serde_json::Value::Object(properties) => {
                let flags = Flags::READ_ONLY;
                let properties = properties.iter().map(|(name, value)| {
                    Property::new(self.arena.alloc_str(name), self.json_type(value), flags)
                });
                closed(properties.collect())
            }
        }
    }
}

fn is_folded(name: &str, first: Option<&Type<'_>>) -> bool {
    match name {
        // Of arrays, something else is known.
        "first" | "last" => matches!(first, Some(Type::String(_))),
        "length" => !matches!(first, Some(Type::Array(_))),
        _ => FOLDED.binary_search(&name).is_ok(),
    }
}

fn part<'a>(name: &'a str, kind: Type<'a>) -> Property<'a> {
    Property::new(name, kind, Flags::NONE)
}

fn text(name: &str) -> Property<'_> {
    part(name, Type::string())
}

fn texts<'a>(names: &[&'a str]) -> Type<'a> {
    closed(names.iter().map(|name| text(name)).collect())
}

/// An object of these properties alone.
fn closed(properties: Vec<Property<'_>>) -> Type<'_> {
    Type::shaped(ObjectType { properties, ..ObjectType::default() })
}

/// What functions give whose result has always the same parts.
fn shaped<'a>(name: &str, arguments: &[Type<'a>]) -> Option<Type<'a>> {
    Some(match name {
        "environment" => environment(),
        "deployer" => texts(&["objectId", "tenantId", "userPrincipalName"]),
        "resourceGroup" | "subscription" | "tenant" | "managementGroup" => {
            scope(name, arguments.is_empty())
        }
        "parseUri" => uri_parts(),
        "parseCidr" => {
            let names = ["network", "netmask", "broadcast", "firstUsable", "lastUsable"];
            let mut parts: Vec<Property<'a>> = names.map(text).into();
            parts.push(part("cidr", Type::Int(Integer::between(Some(0), Some(255)))));
            closed(parts)
        }
        "providers" => {
            let many = |name| part(name, Type::array_of(Type::string()));
            let resource =
                closed(vec![text("resourceType"), many("locations"), many("apiVersions")]);
            match arguments.len() {
                1 => {
                    closed(vec![text("namespace"), part("resourceTypes", Type::array_of(resource))])
                }
                _ => resource,
            }
        }
        "items" => items_of(arguments.first()?),
        "loadDirectoryFileInfo" => {
            Type::array_of(texts(&["absolutePath", "relativePath", "baseName", "extension"]))
        }
        "getSecret" => Type::string().marked(Marks::SECURE),
        _ => return None,
    })
}

fn environment<'a>() -> Type<'a> {
    let names = [
        "activeDirectoryDataLake",
        "batch",
        "gallery",
        "graph",
        "graphAudience",
        "media",
        "name",
        "portal",
        "resourceManager",
        "sqlManagement",
        "vmImageAliasDoc",
    ];
    let suffixes = texts(&[
        "acrLoginServer",
        "azureDatalakeAnalyticsCatalogAndJob",
        "azureDatalakeStoreFileSystem",
        "azureFrontDoorEndpointSuffix",
        "keyvaultDns",
        "sqlServerHostname",
        "storage",
    ]);
    let authentication = closed(vec![
        part("audiences", Type::array_of(Type::string())),
        text("identityProvider"),
        text("loginEndpoint"),
        text("tenant"),
    ]);
    let mut all: Vec<Property<'a>> = names.map(text).into();
    all.push(part("authentication", authentication));
    all.push(part("suffixes", suffixes));
    closed(all)
}

/// What a scope function gives: that of this deployment can be read, another one only named.
fn scope<'a>(name: &str, own: bool) -> Type<'a> {
    let properties: Vec<Property<'a>> = match name {
        "tenant" => ["tenantId", "country", "countryCode", "displayName"].map(text).into(),
        "resourceGroup" if own => {
            let mut all: Vec<Property<'a>> =
                ["id", "name", "type", "location", "managedBy"].map(text).into();
            all.push(part("tags", object_of(Type::string())));
            all.push(part("properties", texts(&["provisioningState"])));
            all
        }
        "subscription" if own => {
            ["id", "subscriptionId", "tenantId", "displayName"].map(text).into()
        }
        "managementGroup" if own => {
            let details = closed(vec![
                text("version"),
                text("updatedTime"),
                text("updatedBy"),
                part("parent", texts(&["id", "name", "type"])),
            ]);
            let inner =
                closed(vec![text("tenantId"), text("displayName"), part("details", details)]);
            let mut all: Vec<Property<'a>> = ["id", "name", "type"].map(text).into();
            all.push(part("properties", inner));
            all
        }
        _ => Vec::new(),
    };
    Type::shaped(ObjectType { properties, is_scope: true, ..ObjectType::default() })
}

/// What functions give whose text has a length that is known.
fn sized_text<'a>(name: &str, arguments: &[Type<'a>]) -> Option<Type<'a>> {
    let first = arguments.first();
    let plain = match first {
        Some(Type::String(text)) if text.literal.is_none() => (text.minimum, text.maximum),
        _ => (None, None),
    };
    Some(match name {
        "uniqueString" => sized((Some(HASH), Some(HASH))),
        "guid" | "newGuid" => sized((Some(GUID), Some(GUID))),
        "toLower" | "toUpper" => sized(plain),
        "trim" => sized((None, plain.1)),
        "first" | "last" if matches!(first, Some(Type::String(_))) => {
            sized((plain.0.map(|least| least.min(1)), Some(1)))
        }
        "take" | "skip" if !matches!(first, Some(Type::Array(_) | Type::Any)) => {
            let (least, most) = printed_length(first?);
            sized(cut(name, (Some(least), most), arguments.get(1)?))
        }
        "padLeft" => {
            let (least, most) = printed_length(first?);
            match arguments.get(1) {
                Some(Type::Int(Integer { literal: Some(length), .. })) => {
                    sized((Some(least.max(*length)), most.map(|most| most.max(*length))))
                }
                _ => sized((Some(least), None)),
            }
        }
        "substring" => sized(part_length(arguments)),
        "join" => joined(arguments)?,
        _ => return None,
    })
}

/// The lengths of a part of a text.
fn part_length(arguments: &[Type<'_>]) -> Range {
    let range = |number: &Type<'_>| match number {
        Type::Int(number) => number.bounds(),
        _ => (None, None),
    };
    if let Some(length @ Type::Int(_)) = arguments.get(2) {
        return range(length);
    }
    let (least, most) = match arguments.first() {
        Some(text @ Type::String(_)) => {
            let (least, most) = printed_length(text);
            (Some(least), most)
        }
        _ => (None, None),
    };
    let (low, high) = arguments.get(1).map_or((None, None), range);
    let least = least.zip(high).map(|(least, high)| (least - high).max(0));
    let most = match most.zip(low) {
        Some((most, low)) if most >= low => Some(most - low),
        _ => most,
    };
    (least, most)
}

fn joined<'a>(arguments: &[Type<'a>]) -> Option<Type<'a>> {
    let Type::Array(array) = arguments.first()? else { return None };
    let (between_low, between_high) = printed_length(arguments.get(1)?);
    let gaps = |count: i64| (count - 1).max(0);
    if let Some(items) = &array.items {
        let count = gaps(i64::try_from(items.len()).ok()?);
        let mut least = between_low.checked_mul(count)?;
        let mut most = between_high.and_then(|high| high.checked_mul(count));
        for (low, high) in items.iter().map(printed_length) {
            least = least.saturating_add(low);
            most = most.zip(high).and_then(|(most, high)| most.checked_add(high));
        }
        return Some(sized((Some(least), most)));
    }
    let (low, high) = printed_length(&array.item());
    let fewest = array.minimum.unwrap_or(0);
    let least = low.checked_mul(fewest)?.checked_add(between_low.checked_mul(gaps(fewest))?);
    let most = array.maximum.and_then(|count| {
        high?.checked_mul(count)?.checked_add(between_high?.checked_mul(gaps(count))?)
    });
    Some(sized((least, most)))
}

/// The lengths of what `take` or `skip` leave.
fn cut(name: &str, (least, most): Range, count: &Type<'_>) -> Range {
    let (low, high) = match count {
        Type::Int(number) => number.bounds(),
        _ => (None, None),
    };
    if name == "take" {
        let least = least.zip(low).filter(|(_, low)| *low > 0).map(|(least, low)| least.min(low));
        let most = [most, high].into_iter().flatten().min().map(|most| most.max(0));
        return (least, most);
    }
    if high.is_some_and(|high| high <= 0) {
        return (least, most);
    }
    let least = least.zip(high).map(|(least, high)| least.saturating_sub(high));
    let most = most.map(|most| most.saturating_sub(low.unwrap_or(0).max(0)).max(0));
    (least, most)
}

/// A text of these lengths.
fn sized<'a>((minimum, maximum): Range) -> Type<'a> {
    let minimum = minimum.filter(|least| *least > 0);
    Type::String(Text { minimum, maximum, ..Text::default() })
}

/// What functions give whose number is within bounds that are known.
fn number<'a>(name: &str, arguments: &[Type<'a>]) -> Option<Type<'a>> {
    let range = |(minimum, maximum): Range| Some(Type::Int(Integer::between(minimum, maximum)));
    match (name, arguments.first()?) {
        ("length", Type::Array(array)) => match &array.items {
            Some(items) => Some(Type::number(i64::try_from(items.len()).ok()?)),
            None => range((Some(array.minimum.unwrap_or(0)), array.maximum)),
        },
        ("length", Type::String(text)) if text.literal.is_none() => {
            range((Some(text.minimum.unwrap_or(0)), text.maximum))
        }
        ("length", Type::Object(object)) => {
            let (least, most) = sizes(object);
            range((Some(least), most))
        }
        ("max" | "min", Type::Array(array)) => match &array.items {
            Some(items) => range(extreme(name, items)),
            None => match array.item() {
                item @ Type::Int(_) => Some(item),
                _ => Some(Type::int()),
            },
        },
        ("max" | "min", _) => range(extreme(name, arguments)),
        _ => None,
    }
}

/// The fewest and the most properties of an object.
fn sizes(object: &ObjectType<'_>) -> (i64, Option<i64>) {
    let required = object.properties.iter().filter(|property| {
        property.flags.has(Flags::REQUIRED) && property.kind().without_null().is_none()
    });
    let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let most = object.additional.is_none().then(|| count(object.properties.len()));
    (count(required.count()), most)
}

/// The bounds of the greatest or the least of several numbers.
fn extreme(name: &str, numbers: &[Type<'_>]) -> Range {
    let bounds = numbers.iter().map(|number| match number {
        Type::Int(number) => number.bounds(),
        _ => (None, None),
    });
    let (lows, highs): (Vec<Option<i64>>, Vec<Option<i64>>) = bounds.unzip();
    let all = |values: &[Option<i64>], choose: fn(i64, i64) -> i64| {
        values.iter().copied().collect::<Option<Vec<i64>>>()?.into_iter().reduce(choose)
    };
    let any = |values: &[Option<i64>], choose: fn(i64, i64) -> i64| {
        values.iter().flatten().copied().reduce(choose)
    };
    if name == "min" {
        (all(&lows, i64::min), any(&highs, i64::min))
    } else {
        (any(&lows, i64::max), all(&highs, i64::max))
    }
}

/// What functions of arrays give.
fn array<'a>(name: &str, arguments: &[Type<'a>]) -> Option<Type<'a>> {
    match (name, arguments.first()?) {
        ("split", _) => Some(Type::array_between(Type::string(), Some(1), None, Marks::NONE)),
        ("range", start) => Some(counted(start, arguments.get(1)?)),
        ("objectKeys", Type::Object(object)) => Some(Type::array_of(keys(object))),
        ("objectKeys" | "toLogicalZones" | "toPhysicalZones", _) => {
            Some(Type::array_of(Type::string()))
        }
        ("first" | "last", Type::Array(array)) => Some(end_of(name, array)),
        ("take" | "skip", Type::Array(array)) => Some(some_items(name, array, arguments.get(1)?)),
        ("concat", Type::Array(_)) => Some(concatenated(arguments)),
        _ => None,
    }
}

/// The numbers that `range` gives.
fn counted<'a>(start: &Type<'a>, count: &Type<'a>) -> Type<'a> {
    let bounds = |number: &Type<'a>| match number {
        Type::Int(number) => number.bounds(),
        _ => (None, None),
    };
    let ((low, high), (fewest, most)) = (bounds(start), bounds(count));
    let last = high.zip(most).and_then(|(high, most)| high.checked_add(most)?.checked_sub(1));
    let item = Type::Int(Integer::between(low, last));
    Type::array_between(item, fewest.filter(|fewest| *fewest > 0), most, Marks::NONE)
}

/// The first or the last item of an array.
fn end_of<'a>(name: &str, array: &ArrayType<'a>) -> Type<'a> {
    match &array.items {
        Some(items) => {
            let item = if name == "first" { items.first() } else { items.last() };
            item.cloned().unwrap_or(Type::Null)
        }
        None if array.minimum.is_some_and(|least| least > 0) => array.item(),
        None => array.item().or(Type::Null),
    }
}

/// What `take` or `skip` leave of an array.
fn some_items<'a>(name: &str, array: &ArrayType<'a>, count: &Type<'a>) -> Type<'a> {
    if let (Some(items), Type::Int(Integer { literal: Some(count), .. })) = (&array.items, count) {
        let at = usize::try_from((*count).max(0)).unwrap_or(usize::MAX).min(items.len());
        let left = if name == "take" { &items[..at] } else { &items[at..] };
        return Type::tuple(left.to_vec());
    }
    let (least, most) = cut(name, (array.minimum, array.maximum), count);
    Type::array_between(array.item(), least.filter(|least| *least > 0), most, array.marks)
}

fn concatenated<'a>(arguments: &[Type<'a>]) -> Type<'a> {
    let (mut least, mut most) = (0_i64, Some(0_i64));
    for argument in arguments {
        let Type::Array(array) = argument else { return Type::array() };
        least = least.saturating_add(array.minimum.unwrap_or(0));
        most = most.zip(array.maximum).and_then(|(most, more)| most.checked_add(more));
    }
    let item = Type::any_of(arguments.iter().map(Type::item));
    Type::array_between(item, Some(least).filter(|least| *least > 0), most, Marks::NONE)
}

/// An array of the items of another.
fn of_array<'a>(found: &Type<'a>, lengths: impl Fn(&ArrayType<'a>) -> Range) -> Type<'a> {
    match found {
        Type::Array(array) => {
            let (least, most) = lengths(array);
            Type::array_between(array.item(), least, most, array.marks)
        }
        _ => Type::array_of(found.item()),
    }
}

fn array_like(item: Type<'_>) -> Type<'_> {
    if item.is_error() { Type::Error } else { Type::array_of(item) }
}

fn object_of(value: Type<'_>) -> Type<'_> {
    if value.is_error() {
        return Type::Error;
    }
    Type::shaped(ObjectType { additional: Some((value, Flags::NONE)), ..ObjectType::default() })
}

fn keys<'a>(object: &ObjectType<'a>) -> Type<'a> {
    let named: Vec<Type<'a>> =
        object.readable().map(|property| Type::literal(property.name)).collect();
    match (named.is_empty(), object.additional.is_some()) {
        (true, false) => Type::never(),
        (_, true) => Type::string(),
        _ => Type::Union(Rc::from(named)),
    }
}

/// What the properties of an object are.
pub(super) fn values_of<'a>(object: &Type<'a>) -> Type<'a> {
    let Type::Object(object) = object else { return Type::Any };
    let named = object.readable().map(Property::kind);
    Type::any_of(named.chain(object.additional().map(|more| more.0)))
}

fn items_of<'a>(object: &Type<'a>) -> Type<'a> {
    let key = match object {
        Type::Object(object) => keys(object),
        _ => Type::string(),
    };
    let value = match values_of(object).collapsed() {
        // What cannot be told as one type may be anything.
        Type::Union(_) => Type::Any,
        one => one,
    };
    Type::array_of(closed(vec![part("key", key), part("value", value)]))
}

/// The kinds that a call gives: functions that take either give the same.
fn returned(function: &Function, form: &Form) -> Kinds {
    if !["concat", "skip", "take", "union", "intersection"].contains(&function.name) {
        return function.returns;
    }
    match form.parameter(0) {
        kind if kind == Kinds::ARRAY || kind == Kinds::OBJECT => kind,
        _ => Kinds::STRING,
    }
}
