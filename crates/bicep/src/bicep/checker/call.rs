//! Calls: how many arguments, and of which kinds.

use smallvec::SmallVec;

use super::Checker;
use super::interface::{Export, Interface};
use super::narrow::Narrowing;
use super::results::values_of;
use crate::azure_types::{ResourceFunction, tables};
use crate::bicep::binder::{ResourceId, SymbolKind};
use crate::bicep::functions;
use crate::bicep::spelling::suggestion;
use crate::bicep::syntax::{
    ExpressionSyntax, FunctionCallSyntax, FunctionDeclarationSyntax, IdentifierSyntax,
    InstanceFunctionCallSyntax, LambdaSyntax,
};
use crate::bicep::types::{Integer, Marks, Type, assignable};
use crate::diagnostic::Span;

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
                SymbolKind::Imported(..) if self.is_missing_import(id) => {
                    let title = format!("`{}` is not a function", node.name.name);
                    let words = ("the import does not provide this name", "correct the import");
                    self.error("BCP059", node.name.span, title, words);
                    Type::Error
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
            Some(function) if function.is_visible_in(self.bound.program.kind) => {
                self.built_in(function, node.name, node.arguments, &arguments, parentheses)
            }
            _ => Type::Error,
        }
    }

    pub(super) fn instance_call(&self, node: &InstanceFunctionCallSyntax<'a>) -> Type<'a> {
        let base = self.infer(node.base);
        let arguments = self.arguments(node.name.name, node.arguments);
        match base {
            Type::Error => Type::Error,
            Type::Namespace(namespace) => {
                let function = functions::function(Some(namespace), node.name.name)
                    .filter(|function| function.is_visible_in(self.bound.program.kind));
                let Some(function) = function else { return Type::Error };
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
                let Some(namespace) = self.imported_namespace(node.base) else { return Type::Any };
                let export = namespace.exports.get(node.name.name);
                if !matches!(export, Some(Export::Function(..))) {
                    return self.unknown_function(namespace, node.name);
                }
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

    /// Reports a function that a file does not export which is imported as a whole.
    fn unknown_function(&self, namespace: &Interface<'a>, name: IdentifierSyntax<'a>) -> Type<'a> {
        if name.is_missing() {
            return Type::Error;
        }
        let exports = namespace.exports.iter();
        let functions = exports.filter(|(_, export)| matches!(export, Export::Function(..)));
        let mut known: Vec<&str> = functions.map(|(known, _)| *known).collect();
        known.sort_unstable();
        let (code, help) = match suggestion(name.name, known.iter().copied()) {
            Some(near) => ("BCP108", format!("did you mean `{near}`?")),
            None => ("BCP107", "correct its name, or export it there".to_owned()),
        };
        let title = format!("the imported file has no function `{}`", name.name);
        self.error(code, name.span, title, ("no exported function has this name", &help));
        Type::Error
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
    fn arguments(
        &self,
        name: &str,
        arguments: &'a [ExpressionSyntax<'a>],
    ) -> SmallVec<[Type<'a>; 4]> {
        let mut types = SmallVec::with_capacity(arguments.len());
        for argument in arguments {
            if let ExpressionSyntax::Lambda(lambda) = argument {
                self.lambda_parameters(name, lambda, &types);
            }
            types.push(self.infer(*argument));
        }
        types
    }

    fn lambda_parameters(&self, name: &str, lambda: &LambdaSyntax<'a>, before: &[Type<'a>]) {
        let Some(first) = before.first() else { return };
        let item = match (name, first) {
            (_, Type::Error) => Type::Any,
            ("mapValues", object) => values_of(object),
            (_, array) => array.item(),
        };
        let index = Type::Int(Integer { minimum: Some(0), ..Integer::default() });
        for (at, parameter) in lambda.parameters.iter().enumerate() {
            let kind = match (name, at) {
                ("map" | "filter" | "toObject" | "groupBy" | "mapValues" | "sort", 0)
                | ("sort" | "reduce", 1) => item.clone(),
                ("map" | "filter", 1) | ("reduce", 2) => index.clone(),
                ("reduce", 0) => before.get(1).map_or(Type::Any, accumulated),
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

    pub(super) fn name_of(&self, arguments: &'a [ExpressionSyntax<'a>]) -> Type<'a> {
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

    pub(super) fn parameter_default_only(&self, name: IdentifierSyntax<'a>) {
        let inside = self.bound.symbols.iter().any(|symbol| match symbol.kind {
            SymbolKind::Parameter(node) => node.default.is_some_and(|default| {
                let span = default.span();
                span.contains(name.span)
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

/// What a lambda of `reduce` is given of what was gathered so far, from what it starts with.
pub(super) fn accumulated<'a>(start: &Type<'a>) -> Type<'a> {
    Type::of_kinds(start.kinds())
}
