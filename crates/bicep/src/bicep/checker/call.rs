//! Calls: how many arguments, and of which kinds.

use super::Checker;
use super::interface::Export;
use super::narrow::Narrowing;
use crate::azure_types::{ResourceFunction, tables};
use crate::bicep::binder::{ResourceId, SymbolKind};
use crate::bicep::functions::{self, Function, Kinds, Use, kind_names};
use crate::bicep::spelling::suggestion;
use crate::bicep::syntax::{
    ExpressionSyntax, FunctionCallSyntax, FunctionDeclarationSyntax, IdentifierSyntax,
    InstanceFunctionCallSyntax, LambdaSyntax,
};
use crate::bicep::types::{Flags, Integer, Marks, ObjectType, Property, Text, Type, assignable};
use crate::diagnostic::Span;

/// Functions that Microsoft's compiler knows in several forms.
const OVERLOADED: [&str; 12] = [
    "concat",
    "contains",
    "first",
    "indexOf",
    "intersection",
    "last",
    "lastIndexOf",
    "max",
    "min",
    "skip",
    "take",
    "union",
];

/// What `concat` joins to a text.
const SCALAR: Kinds = Kinds::STRING.or(Kinds::INT).or(Kinds::BOOL);

impl<'a> Checker<'a, '_> {
    pub(super) fn call(&self, node: &FunctionCallSyntax<'a>) -> Type<'a> {
        let arguments = self.arguments(node.name.name, node.arguments);
        let parentheses = self.parentheses(node.name.span.end, node.span);
        if let Some(id) = self.bound.target(node.name) {
            return match self.bound.symbol(id).kind {
                SymbolKind::Function(function) => {
                    let (takes, gives) = self.signature(function);
                    self.user_call((&takes, gives), node.arguments, &arguments, parentheses)
                }
                SymbolKind::Imported(import, original) => {
                    let interface = self.modules.interface(import.path);
                    let export = interface.and_then(|found| found.exports.get(original));
                    self.exported_call(export, node.arguments, &arguments, parentheses)
                }
                _ => Type::Error,
            };
        }
        match functions::function(None, node.name.name) {
            Some(function) => {
                self.built_in(function, node.name, node.arguments, &arguments, parentheses)
            }
            None => Type::Error,
        }
    }

    pub(super) fn instance_call(&self, node: &InstanceFunctionCallSyntax<'a>) -> Type<'a> {
        let base = self.infer(node.base);
        let arguments = self.arguments(node.name.name, node.arguments);
        match base {
            Type::Error => Type::Error,
            Type::Namespace(namespace) => {
                let Some(function) = functions::function(Some(namespace), node.name.name) else {
                    return Type::Error;
                };
                let parentheses = self.parentheses(node.name.span.end, node.span);
                self.built_in(function, node.name, node.arguments, &arguments, parentheses)
            }
            Type::Resource(_, false) if node.name.name == "getSecret" => {
                let places = self.secrets.get_or_init(|| self.secret_places());
                if !places.contains(&node.span.start) {
                    let title = "`getSecret` outside a secure module parameter";
                    let words =
                        ("the value would be exposed", "pass it to a secure parameter of a module");
                    self.error("BCP180", node.span, title, words);
                }
                Type::string().marked(Marks::SECURE)
            }
            Type::Resource(id, false) => self.resource_call(id, node, &arguments),
            Type::Any => {
                let ExpressionSyntax::Variable(base) = node.base else { return Type::Any };
                let kind = self.bound.target(base.name).map(|id| self.bound.symbol(id).kind);
                let Some(SymbolKind::Wildcard(import)) = kind else { return Type::Any };
                let interface = self.modules.interface(import.path);
                let export = interface.and_then(|found| found.exports.get(node.name.name));
                let parentheses = self.parentheses(node.name.span.end, node.span);
                self.exported_call(export, node.arguments, &arguments, parentheses)
            }
            Type::Int(_) | Type::String(_) | Type::Bool(..) | Type::Array(_)
                if !node.name.is_missing() =>
            {
                let title = format!("`{}` has no functions", base.name());
                let words = (
                    "only namespaces and resources have functions",
                    "call the function directly, and pass the value as an argument",
                );
                self.error("BCP067", node.name.span, title, words);
                Type::Error
            }
            _ => Type::Any,
        }
    }

    /// A function of a resource, such as `listKeys`.
    fn resource_call(
        &self,
        id: ResourceId,
        node: &InstanceFunctionCallSyntax<'a>,
        arguments: &[Type<'a>],
    ) -> Type<'a> {
        if self.may_be_absent(node.base) {
            let words = (
                "it has a condition, so it might not be deployed",
                "use `!` if it is always deployed",
            );
            self.warning(
                "BCP422",
                node.name.span,
                "the function is called on a conditional resource",
                words,
            );
        }
        let name = node.name.name;
        let found = self.body(id).and_then(|body| body.found);
        let known: Vec<ResourceFunction<'static>> =
            found.map_or_else(Vec::new, |found| tables().functions(&found));
        let named = known.iter().find(|known| known.name == name);
        if arguments.iter().any(Type::is_error) {
            return Type::Error;
        }
        match named {
            Some(function) if arguments.is_empty() || function.input.is_some() => {
                Type::Azure(function.output, Marks::WARN.and(Marks::WARN_PROPERTY)).resolved()
            }
            _ if functions::is_list_function(name) || named.is_some() || node.name.is_missing() => {
                Type::Any
            }
            _ => {
                let near = suggestion(name, known.iter().map(|known| known.name));
                let (code, help) = match near {
                    Some(near) => ("BCP110", format!("did you mean `{near}`?")),
                    None => ("BCP109", "correct its name".to_owned()),
                };
                let title = format!("the resource has no function `{name}`");
                let label = "no function has this name";
                self.error(code, node.name.span, title, (label, &help));
                Type::Error
            }
        }
    }

    fn exported_call(
        &self,
        export: Option<&Export<'a>>,
        syntax: &'a [ExpressionSyntax<'a>],
        arguments: &[Type<'a>],
        parentheses: Span,
    ) -> Type<'a> {
        match export {
            Some(Export::Function(takes, gives)) => {
                self.user_call((takes, gives.clone()), syntax, arguments, parentheses)
            }
            _ => Type::Any,
        }
    }

    fn signature(&self, function: &FunctionDeclarationSyntax<'a>) -> (Vec<Type<'a>>, Type<'a>) {
        let takes = function.parameters.iter().map(|parameter| self.described(parameter.r#type));
        (takes.collect(), self.described(function.return_type))
    }

    /// The types of arguments. Those before a lambda say what its parameters are.
    fn arguments(&self, name: &str, arguments: &'a [ExpressionSyntax<'a>]) -> Vec<Type<'a>> {
        let mut types: Vec<Type<'a>> = Vec::with_capacity(arguments.len());
        for argument in arguments {
            if let (ExpressionSyntax::Lambda(lambda), Some(first)) = (argument, types.first()) {
                self.lambda_parameters(name, lambda, first);
            }
            types.push(self.infer(*argument));
        }
        types
    }

    fn lambda_parameters(&self, name: &str, lambda: &LambdaSyntax<'a>, first: &Type<'a>) {
        let over = first.without_null().unwrap_or_else(|| first.clone());
        let item = match name {
            "mapValues" => values_of(&over),
            _ => over.item(),
        };
        let index = Type::Int(Integer { minimum: Some(0), ..Integer::default() });
        for (at, parameter) in lambda.parameters.iter().enumerate() {
            let kind = match (name, at) {
                ("map" | "filter" | "toObject" | "groupBy" | "mapValues" | "sort", 0)
                | ("sort" | "reduce", 1) => item.clone(),
                ("map" | "filter", 1) | ("reduce", 2) => index.clone(),
                _ => Type::Any,
            };
            if let Some(id) = self.bound.declared(*parameter) {
                self.locals.borrow_mut().insert(id, kind);
            }
        }
    }

    /// From the opening parenthesis to the end of the call.
    pub(super) fn parentheses(&self, name_end: u32, call: Span) -> Span {
        let between = self.bound.program.text.get(name_end as usize..call.end as usize);
        let blanks = between.and_then(|between| between.find('(')).unwrap_or(0);
        Span::new(name_end + u32::try_from(blanks).unwrap_or(0), call.end)
    }

    pub(super) fn count(
        &self,
        found: usize,
        minimum: usize,
        maximum: Option<usize>,
        span: Span,
    ) -> bool {
        if found >= minimum && maximum.is_none_or(|maximum| found <= maximum) {
            return true;
        }
        let counted = |count: usize| match count {
            1 => "1 argument".to_owned(),
            more => format!("{more} arguments"),
        };
        let wanted = match maximum {
            None => format!("at least {}", counted(minimum)),
            Some(maximum) if maximum == minimum => counted(minimum),
            Some(maximum) => format!("{minimum} to {}", counted(maximum)),
        };
        let title = format!("expected {wanted}, found {}", counted(found));
        self.error(
            "BCP071",
            span,
            title,
            ("wrong number of arguments", "correct the number of arguments"),
        );
        false
    }

    /// Judges a call of a built-in function.
    pub(super) fn built_in(
        &self,
        function: &'static Function,
        name: IdentifierSyntax<'a>,
        syntax: &'a [ExpressionSyntax<'a>],
        arguments: &[Type<'a>],
        parentheses: Span,
    ) -> Type<'a> {
        let minimum = self.minimum(function);
        if !self.count(arguments.len(), minimum, function.maximum(), parentheses) {
            return Type::Error;
        }
        let broken = arguments.iter().any(Type::is_error);
        if function.name == "nameof" {
            return self.name_of(syntax);
        }
        if function.name == "providers" {
            let title = "`providers` is deprecated";
            let words = ("Bicep will remove this function", "write the API version as plain text");
            self.warning("BCP241", name.span, title, words);
        }
        if function.usage == Use::ParameterDefault {
            self.parameter_default_only(name);
        }
        let mut arguments = arguments.to_vec();
        for argument in &mut arguments {
            // What is wrong with an argument has been told.
            if argument.is_error() {
                *argument = Type::Any;
            }
        }
        for at in 0..arguments.len() {
            let wanted = function.parameters.get(at).copied().or(function.rest);
            let Some(wanted) = wanted else { break };
            if fits(function, at, &arguments[at], &arguments, wanted) {
                if let ExpressionSyntax::Lambda(node) = syntax[at]
                    && let Some(wanted) = self.unfit_lambda(function, at, node)
                {
                    let title = format!("`{}` does not accept this lambda", function.name);
                    let help = format!("pass {wanted}");
                    self.error("BCP070", node.span, title, ("not valid for this function", &help));
                    return Type::Error;
                }
                continue;
            }
            if let Some(some) = arguments[at].without_null()
                && fits(function, at, &some, &arguments, wanted)
            {
                self.maybe_null(syntax[at].span());
                arguments[at] = some;
                continue;
            }
            self.mismatch(function, at, &arguments[at], wanted, syntax[at].span());
            return Type::Error;
        }
        if broken {
            return Type::Error;
        }
        self.result(function, syntax, &arguments)
    }

    /// The fewest arguments of a function: only a file that deploys to a scope has one of its own.
    fn minimum(&self, function: &Function) -> usize {
        match (function.name, self.target_scope_name()) {
            ("managementGroup", Some("managementGroup")) => 0,
            ("managementGroup", _) | ("resourceGroup", Some("subscription")) => 1,
            ("subscription", Some("managementGroup" | "tenant")) => 1,
            ("resourceGroup", Some("managementGroup" | "tenant")) => 2,
            _ => function.minimum,
        }
    }

    /// What a call of a built-in function gives.
    fn result(
        &self,
        function: &'static Function,
        syntax: &'a [ExpressionSyntax<'a>],
        arguments: &[Type<'a>],
    ) -> Type<'a> {
        let first = arguments.first();
        let array = match first {
            Some(Type::Array(array)) => Some(array),
            _ => None,
        };
        let lambda = |at: usize| match syntax.get(at) {
            Some(ExpressionSyntax::Lambda(node)) => self.infer(node.body),
            _ => Type::Any,
        };
        match function.name {
            "any" => Type::Any,
            "map" => array_like(lambda(1)),
            "filter" | "sort" => match array {
                Some(array) => Type::array_of(array.item()),
                None => Type::array(),
            },
            "toObject" => object_of(match arguments.len() {
                3 => lambda(2),
                _ => first.map_or(Type::Any, Type::item),
            }),
            "mapValues" => object_of(lambda(1)),
            "groupBy" => object_of(Type::array_of(first.map_or(Type::Any, Type::item))),
            "first" | "last" => end_of(function.name, first),
            "items" => first.map_or(Type::array(), items_of),
            "objectKeys" => Type::array_of(Type::string()),
            "range" => Type::array_of(range_item(arguments)),
            "split" => Type::array_between(Type::string(), Some(1), None, Marks::NONE),
            "take" | "skip" if array.is_some() => {
                Type::array_of(first.map_or(Type::Any, Type::item))
            }
            "concat" if arguments.iter().any(|one| !one.can_be(SCALAR)) => {
                let items = arguments.iter().map(Type::item);
                Type::array_of(Type::any_of(items))
            }
            "concat" => Type::string(),
            "resourceGroup" | "subscription" | "tenant" | "managementGroup" => {
                scope(function.name, arguments.is_empty())
            }
            _ => text_result(function.name, arguments)
                .unwrap_or_else(|| Type::of_kinds(returned(function, arguments))),
        }
    }

    fn mismatch(
        &self,
        function: &Function,
        at: usize,
        argument: &Type<'a>,
        wanted: Kinds,
        span: Span,
    ) {
        // The first argument chooses between the overloads.
        let overloaded =
            at == 0 && OVERLOADED.contains(&function.name) || function.name == "resourceId";
        let code = if overloaded { "BCP048" } else { "BCP070" };
        let title = format!("`{}` does not accept `{}`", function.name, argument.name());
        let help = format!("pass a value of type {}", kind_names(wanted));
        self.error(code, span, title, ("wrong type of argument", &help));
    }

    fn name_of(&self, arguments: &'a [ExpressionSyntax<'a>]) -> Type<'a> {
        let named = |argument: &ExpressionSyntax<'a>| {
            matches!(
                argument.without_parentheses(),
                ExpressionSyntax::Variable(_)
                    | ExpressionSyntax::PropertyAccess(_)
                    | ExpressionSyntax::ResourceAccess(_)
                    | ExpressionSyntax::ArrayAccess(_)
                    | ExpressionSyntax::Skipped(_)
                    | ExpressionSyntax::NonNullAssertion(_)
            )
        };
        if let Some(argument) = arguments.iter().find(|argument| !named(argument)) {
            let title = "the argument of `nameof` has no name";
            let words = ("not a symbol or a property", "pass a symbol or a property");
            self.error("BCP408", argument.span(), title, words);
            return Type::Error;
        }
        Type::string()
    }

    fn parameter_default_only(&self, name: IdentifierSyntax<'a>) {
        let inside = self.bound.symbols.iter().any(|symbol| match symbol.kind {
            SymbolKind::Parameter(node) => node.default.is_some_and(|default| {
                let span = default.span();
                span.start <= name.span.start && name.span.end <= span.end
            }),
            _ => false,
        });
        if !inside {
            let title = format!("`{}` outside a parameter default", name.name);
            let words = (
                "the value changes with every deployment",
                "use it as the default value of a parameter",
            );
            self.error("BCP065", name.span, title, words);
        }
    }

    fn user_call(
        &self,
        (takes, gives): (&[Type<'a>], Type<'a>),
        syntax: &'a [ExpressionSyntax<'a>],
        arguments: &[Type<'a>],
        parentheses: Span,
    ) -> Type<'a> {
        let required = takes.iter().rposition(|found| !assignable(&Type::Null, found));
        let minimum = required.map_or(0, |last| last + 1);
        if !self.count(arguments.len(), minimum, Some(takes.len()), parentheses) {
            return Type::Error;
        }
        for ((argument, wanted), syntax) in arguments.iter().zip(takes).zip(syntax) {
            if argument.is_error() {
                return Type::Error;
            }
            if wanted.is_error() {
                continue;
            }
            let some = argument.without_null().unwrap_or_else(|| argument.clone());
            if !assignable(&some, wanted) {
                let title =
                    format!("the argument is `{}`, not `{}`", argument.name(), wanted.name());
                let help = format!("pass a value of type `{}`", wanted.name());
                self.error("BCP070", syntax.span(), title, ("wrong type of argument", &help));
                return Type::Error;
            }
            self.narrow(*syntax, wanted, Narrowing::VALUE);
        }
        gives
    }
}

/// The first or the last item of an array, or letter of a text.
fn end_of<'a>(name: &str, first: Option<&Type<'a>>) -> Type<'a> {
    match first {
        Some(Type::Array(array)) => match &array.items {
            Some(items) => {
                let item = if name == "first" { items.first() } else { items.last() };
                item.cloned().unwrap_or(Type::Null)
            }
            None if array.minimum.is_some_and(|least| least > 0) => array.item(),
            None => array.item().or(Type::Null),
        },
        Some(Type::String(_)) => Type::string(),
        _ => Type::Any,
    }
}

/// The numbers that `range` gives.
fn range_item<'a>(arguments: &[Type<'a>]) -> Type<'a> {
    let known = |at: usize| match arguments.get(at) {
        Some(Type::Int(number)) => number.literal,
        _ => None,
    };
    let (start, count) = (known(0), known(1));
    let last = start.zip(count).and_then(|(start, count)| start.checked_add(count)?.checked_sub(1));
    let minimum = start.filter(|_| last.is_some());
    Type::Int(Integer { minimum, maximum: last, ..Integer::default() })
}

/// What a function gives whose text has a length that is known.
fn text_result<'a>(name: &str, arguments: &[Type<'a>]) -> Option<Type<'a>> {
    let text = match arguments.first() {
        Some(Type::String(text)) => Some(text),
        _ => None,
    };
    let length = |text: &str| i64::try_from(text.encode_utf16().count()).ok();
    let known = text.and_then(|text| text.literal).and_then(length);
    let least = known.or(text.and_then(|text| text.minimum));
    let most = known.or(text.and_then(|text| text.maximum));
    match (name, arguments.get(1)) {
        ("uniqueString", _) => Some(sized(Some(13), Some(13))),
        ("guid" | "newGuid", _) => Some(sized(Some(36), Some(36))),
        ("toLower" | "toUpper", _) => Some(sized(least, most)),
        ("take", Some(Type::Int(Integer { literal: Some(count), .. }))) if text.is_some() => {
            let least = least.map(|least| least.min(*count));
            Some(sized(least, Some(most.map_or(*count, |most| most.min(*count)))))
        }
        _ => None,
    }
}

/// A text of these lengths.
fn sized<'a>(minimum: Option<i64>, maximum: Option<i64>) -> Type<'a> {
    let minimum = minimum.filter(|least| *least > 0);
    Type::String(Text { minimum, maximum, ..Text::default() })
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

/// What the properties of an object are.
fn values_of<'a>(object: &Type<'a>) -> Type<'a> {
    let Type::Object(object) = object else { return Type::Any };
    let named = object.properties.iter().map(Property::kind);
    Type::any_of(named.chain(object.additional().map(|more| more.0)))
}

fn items_of<'a>(object: &Type<'a>) -> Type<'a> {
    let item = ObjectType {
        properties: vec![
            Property::new("key", Type::string(), Flags::REQUIRED),
            Property::new("value", values_of(object), Flags::REQUIRED),
        ],
        ..ObjectType::default()
    };
    Type::array_of(Type::shaped(item))
}

/// What a scope function gives: that of this deployment can be read, another one only named.
fn scope<'a>(name: &str, own: bool) -> Type<'a> {
    let text = |name| Property::new(name, Type::string(), Flags::REQUIRED);
    let properties = match name {
        "resourceGroup" if own => {
            let state =
                ObjectType { properties: vec![text("provisioningState")], ..ObjectType::default() };
            let mut all: Vec<Property<'a>> =
                ["id", "name", "type", "location", "managedBy"].map(text).into();
            all.push(Property::new("tags", object_of(Type::string()), Flags::REQUIRED));
            all.push(Property::new("properties", Type::shaped(state), Flags::REQUIRED));
            all
        }
        "subscription" if own => {
            ["id", "subscriptionId", "tenantId", "displayName"].map(text).into()
        }
        _ => Vec::new(),
    };
    let additional = properties.is_empty().then_some((Type::Any, Flags::NONE));
    Type::shaped(ObjectType { properties, additional, is_scope: true, ..ObjectType::default() })
}

/// Whether an argument fits its place. Functions of either texts or arrays want all alike.
fn fits(
    function: &Function,
    at: usize,
    argument: &Type<'_>,
    arguments: &[Type<'_>],
    wanted: Kinds,
) -> bool {
    let Some(first) = arguments.first().filter(|_| function.name == "concat" && at > 0) else {
        return argument.is_always(wanted);
    };
    let arrays = first.can_be(Kinds::ARRAY) && argument.can_be(Kinds::ARRAY);
    arrays || first.can_be(SCALAR) && argument.can_be(SCALAR)
}

/// The kinds that a call gives: those functions that take either give the same.
fn returned(function: &Function, arguments: &[Type<'_>]) -> Kinds {
    let same = ["concat", "skip", "take", "union", "intersection"];
    match arguments.first() {
        Some(first) if same.contains(&function.name) => {
            if !first.can_be(Kinds::ARRAY | Kinds::OBJECT) {
                Kinds::STRING
            } else if !first.can_be(Kinds::STRING | Kinds::OBJECT | Kinds::INT) {
                Kinds::ARRAY
            } else {
                function.returns
            }
        }
        _ => function.returns,
    }
}
