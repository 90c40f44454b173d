//! Calls: how many arguments, and of which kinds.

use super::Checker;
use super::types::{Type, kind_names};
use crate::bicep::binder::SymbolKind;
use crate::bicep::functions::{self, Function, Kinds, Use};
use crate::bicep::syntax::{
    ExpressionSyntax, FunctionCallSyntax, FunctionDeclarationSyntax, IdentifierSyntax,
    InstanceFunctionCallSyntax,
};
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

impl<'a> Checker<'a, '_> {
    pub(super) fn call(&self, node: &FunctionCallSyntax<'a>) -> Type<'a> {
        let arguments = self.arguments(node.arguments);
        let parentheses = self.parentheses(node.name.span.end, node.span);
        if let Some(id) = self.bound.target(node.name) {
            return match self.bound.symbol(id).kind {
                SymbolKind::Function(function) => self.user_call(function, &arguments, parentheses),
                _ => Type::Any,
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
        let arguments = self.arguments(node.arguments);
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
                    let title = "`getSecret` outside of a module's secure parameter";
                    let words = ("the value would be shown", "give it to a module as a parameter");
                    self.error("BCP180", node.span, title, words);
                }
                Type::String(None)
            }
            _ => Type::Any,
        }
    }

    fn arguments(&self, arguments: &'a [ExpressionSyntax<'a>]) -> Vec<Type<'a>> {
        arguments.iter().map(|argument| self.infer(*argument)).collect()
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
        let title = format!("got {} but takes {wanted}", counted(found));
        self.error("BCP071", span, title, ("wrong number of arguments", "correct the arguments"));
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
        // Only a file for a management group has one of its own.
        let named = function.name == "managementGroup"
            && self.target_scope_name() != Some("managementGroup");
        let minimum = if named { 1 } else { function.minimum };
        if !self.count(arguments.len(), minimum, function.maximum(), parentheses) {
            return Type::Error;
        }
        if function.name == "nameof" {
            return self.name_of(syntax);
        }
        if function.name == "providers" {
            let title = "`providers` will be removed from Bicep";
            let words = ("deprecated function", "write the API versions into the Bicep");
            self.warning("BCP241", name.span, title, words);
        }
        if function.usage == Use::ParameterDefault && self.quiet.get() == 0 {
            self.parameter_default_only(name);
        }
        for (at, argument) in arguments.iter().enumerate() {
            let wanted = function.parameters.get(at).copied().or(function.rest);
            let Some(wanted) = wanted else { break };
            if !fits(function, at, argument, arguments, wanted) {
                self.mismatch(function, at, argument, wanted, syntax[at].span());
                return Type::Error;
            }
        }
        Type::of_kinds(returned(function, arguments))
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
        let overloaded = at == 0 && OVERLOADED.contains(&function.name);
        let code = if overloaded { "BCP048" } else { "BCP070" };
        let title = format!("argument of `{}` is `{}`", function.name, argument.name());
        let help = format!("give it {}", kind_names(wanted));
        self.error(code, span, title, ("wrong kind of argument", &help));
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
            let title = "`nameof` of something without a name";
            let words = ("this has no name", "name a symbol or a property");
            self.error("BCP408", argument.span(), title, words);
            return Type::Error;
        }
        Type::String(None)
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
            let title = format!("`{}` outside of a parameter's default", name.name);
            let words = ("its value would change with every deployment", "make it a default value");
            self.error("BCP065", name.span, title, words);
        }
    }

    fn user_call(
        &self,
        function: &FunctionDeclarationSyntax<'a>,
        arguments: &[Type<'a>],
        parentheses: Span,
    ) -> Type<'a> {
        let types = function.parameters.iter().map(|parameter| self.described(parameter.r#type));
        let types: Vec<Type<'a>> = types.collect();
        let required = types.iter().rposition(|found| !found.can_be(Kinds::NULL));
        let minimum = required.map_or(0, |last| last + 1);
        if !self.count(arguments.len(), minimum, Some(types.len()), parentheses) {
            return Type::Error;
        }
        self.described(function.return_type)
    }
}

/// Whether an argument fits its place. Functions of either texts or arrays want all alike.
fn fits(
    function: &Function,
    at: usize,
    argument: &Type<'_>,
    arguments: &[Type<'_>],
    wanted: Kinds,
) -> bool {
    if matches!(argument, Type::Null) {
        return true;
    }
    let Some(first) = arguments.first().filter(|_| function.name == "concat" && at > 0) else {
        return argument.can_be(wanted);
    };
    let scalar = Kinds::STRING | Kinds::INT | Kinds::BOOL;
    let arrays = first.can_be(Kinds::ARRAY) && argument.can_be(Kinds::ARRAY);
    arrays || first.can_be(scalar) && argument.can_be(scalar)
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
