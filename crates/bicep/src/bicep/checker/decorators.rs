//! Decorators: which may stand where, and what they take.

use smallvec::SmallVec;

use super::Checker;
use super::declared::is_literal;
use crate::bicep::binder::SymbolKind;
use crate::bicep::functions::{self, Decorator, Namespace, Sites};
use crate::bicep::spelling::suggestion;
use crate::bicep::syntax::{
    DeclarationBody, DecoratorSyntax, ExpressionSyntax, IdentifierSyntax, MissingDeclarationSyntax,
    ObjectItemSyntax, ObjectSyntax, StatementSyntax, TypeSyntax,
};
use crate::bicep::types::{Integer, Type};
use crate::diagnostic::Span;

/// Decorators that say which values a type takes.
const NARROWING: [&str; 7] =
    ["allowed", "maxLength", "maxValue", "minLength", "minValue", "sealed", "secure"];

/// What a decorator stands on.
#[derive(Clone, Copy)]
struct Site {
    sites: Sites,
    /// The code for one that may not stand there.
    code: &'static str,
    what: &'static str,
}

const fn site(sites: Sites, code: &'static str, what: &'static str) -> Site {
    Site { sites, code, what }
}

/// Names of decorators that Bicep has: few, however many decorators are written.
type Names = SmallVec<[&'static str; 4]>;

impl<'a> Checker<'a, '_> {
    pub(super) fn decorators(&self) {
        for statement in self.bound.program.statements {
            let site = match statement {
                StatementSyntax::Parameter(_) => site(Sites::PARAMETER, "BCP125", "a parameter"),
                StatementSyntax::Variable(_) => site(Sites::VARIABLE, "BCP126", "a variable"),
                StatementSyntax::Resource(_) => site(Sites::RESOURCE, "BCP127", "a resource"),
                StatementSyntax::Module(_) => site(Sites::MODULE, "BCP128", "a module"),
                StatementSyntax::Output(_) => site(Sites::OUTPUT, "BCP129", "an output"),
                StatementSyntax::Type(_) => site(Sites::TYPE, "BCP297", "a type"),
                StatementSyntax::Metadata(_) => site(Sites::METADATA, "BCP269", "metadata"),
                StatementSyntax::Missing(node) => {
                    self.dangling(node);
                    continue;
                }
                StatementSyntax::Function(_) | StatementSyntax::Import(_) => continue,
                other => {
                    for decorator in other.decorators() {
                        let words = ("this statement does not support decorators", "remove it");
                        self.error("BCP130", decorator.span, "misplaced decorator", words);
                    }
                    continue;
                }
            };
            let body = match statement {
                StatementSyntax::Resource(node) => Some(node.body()),
                StatementSyntax::Module(node) => Some(node.body()),
                _ => None,
            };
            let target = match statement {
                StatementSyntax::Parameter(node) => Some(node.r#type),
                StatementSyntax::Output(node) => Some(node.r#type),
                StatementSyntax::Type(node) => Some(node.value),
                _ => None,
            };
            self.decorated(statement.decorators(), site, body, target);
            if let (StatementSyntax::Resource(_), Some(body)) = (statement, body) {
                self.nested(body.object);
            }
        }
    }

    fn nested(&self, body: Option<&'a ObjectSyntax<'a>>) {
        for item in body.into_iter().flat_map(|body| body.items) {
            match item {
                ObjectItemSyntax::Resource(node) => {
                    let site = site(Sites::RESOURCE, "BCP127", "a resource");
                    self.decorated(node.decorators, site, Some(node.body()), None);
                    self.nested(node.body().object);
                }
                ObjectItemSyntax::Missing(node) => self.dangling(node),
                _ => {}
            }
        }
    }

    /// The decorators of a property or an item of a type.
    pub(super) fn decorated_member(
        &self,
        decorators: &'a [DecoratorSyntax<'a>],
        sites: Sites,
        target: TypeSyntax<'a>,
    ) {
        self.decorated(decorators, site(sites, "BCP297", "a type"), None, Some(target));
    }

    /// Whether a decorator may narrow a type where it is only named: not what another declaration says.
    fn targets(
        &self,
        syntax: &DecoratorSyntax<'a>,
        decorator: &Decorator,
        target: TypeSyntax<'a>,
    ) -> bool {
        if !NARROWING.contains(&decorator.name) {
            return true;
        }
        let mut named = target.without_parentheses();
        while let TypeSyntax::Nullable(node) = named {
            named = node.base.without_parentheses();
        }
        if let TypeSyntax::Instantiation(_) = named {
            let title = format!("`@{}` is not valid for a resource-derived type", decorator.name);
            let words = ("the resource type defines its own constraints", "remove it");
            self.error("BCP386", syntax.span, title, words);
            return false;
        }
        let is_alias = match named {
            TypeSyntax::Variable(node) => self.bound.target(node.name).is_some(),
            TypeSyntax::PropertyAccess(node) => match node.base {
                TypeSyntax::Variable(base) => {
                    let kind = self.bound.target(base.name).map(|id| self.bound.symbol(id).kind);
                    matches!(kind, Some(SymbolKind::Wildcard(_)))
                }
                _ => false,
            },
            _ => false,
        };
        if is_alias {
            let title = format!("`@{}` on a reference to another type", decorator.name);
            let words = (
                "the declaration of the type defines its constraints",
                "move the decorator to that declaration",
            );
            self.error("BCP308", syntax.span, title, words);
        }
        !is_alias
    }

    /// Whether a decorator can describe a type.
    fn describes(
        &self,
        syntax: &DecoratorSyntax<'a>,
        decorator: &Decorator,
        described: &Type<'a>,
        target: TypeSyntax<'a>,
    ) {
        // What a discriminator chooses from is looked at member by member.
        let is_union = matches!(described, Type::Union(_) | Type::Error);
        if decorator.name == "discriminator" && is_union {
            return;
        }
        let literal = match decorator.name {
            "allowed" => is_written_out(target),
            "minLength" | "maxLength" => is_one_of_literals(described),
            _ => false,
        };
        if literal {
            let title = format!("`@{}` on a type that lists its values", decorator.name);
            let words = ("the type says which values there are", "remove the decorator");
            self.error("BCP295", syntax.span, title, words);
        }
        let Some(wanted) = decorator.target else { return };
        let some = described.without_null().unwrap_or_else(|| described.clone());
        if !some.is_always(wanted) {
            let title = format!("`@{}` does not support `{}`", decorator.name, some.name());
            let help = format!("use it on a value of type {}", functions::kind_names(wanted));
            let label = "not valid for this type";
            self.error("BCP124", syntax.span, title, (label, &help));
        }
    }

    /// Each decorator may stand once.
    fn repeated_decorators(&self, decorators: &'a [DecoratorSyntax<'a>]) {
        let known = |syntax: &DecoratorSyntax<'a>| match syntax.expression {
            ExpressionSyntax::FunctionCall(node) => functions::decorator(node.name.name),
            _ => None,
        };
        let (mut seen, mut repeated) = (Names::new(), Names::new());
        for name in decorators.iter().filter_map(known).map(|decorator| decorator.name) {
            let names = if seen.contains(&name) { &mut repeated } else { &mut seen };
            if !names.contains(&name) {
                names.push(name);
            }
        }
        for syntax in decorators {
            let name = known(syntax).map(|decorator| decorator.name);
            if let Some(name) = name.filter(|name| repeated.contains(name)) {
                let title = format!("`@{name}` is used more than once");
                self.error(
                    "BCP166",
                    syntax.span,
                    title,
                    ("a declaration can have it only once", "keep one of them"),
                );
            }
        }
    }

    fn decorated(
        &self,
        decorators: &'a [DecoratorSyntax<'a>],
        site: Site,
        body: Option<DeclarationBody<'a>>,
        target: Option<TypeSyntax<'a>>,
    ) {
        let described = target.map(|target| self.described(target));
        self.repeated_decorators(decorators);
        if let Some(decorator) =
            described.as_ref().and_then(|kind| self.crossed_bounds(kind, decorators))
        {
            let words = ("no value fits the bounds", "correct one of the bounds");
            let title = "the least bound is above the greatest";
            self.error("BCP331", decorator.span, title, words);
        }
        for syntax in decorators {
            let Some((name, decorator)) = self.decorator(syntax) else { continue };
            if !decorator.sites.meets(site.sites) {
                let title = format!("`@{}` cannot be used on {}", name.name, site.what);
                self.error(site.code, name.span, title, ("not valid here", "remove it"));
                continue;
            }
            if !self.decorator_arguments(syntax, name, decorator) {
                continue;
            }
            if target.is_some_and(|target| !self.targets(syntax, decorator, target)) {
                continue;
            }
            if let (Some(described), Some(target), ExpressionSyntax::FunctionCall(_)) =
                (&described, target, syntax.expression)
            {
                self.describes(syntax, decorator, described, target);
            }
            if decorator.name == "sealed"
                && let Some(TypeSyntax::Object(node)) = target.map(TypeSyntax::without_parentheses)
                && node.additional_properties().is_some()
            {
                let words = (
                    "the type allows additional properties",
                    "remove the decorator, or remove `*`",
                );
                self.error(
                    "BCP316",
                    syntax.span,
                    "`@sealed` on a type with additional properties",
                    words,
                );
            }
            if decorator.name == "batchSize" && body.is_some_and(|body| body.r#for.is_none()) {
                let words = ("only loops are deployed in batches", "remove it");
                self.error("BCP155", syntax.span, "`@batchSize` without a loop", words);
            }
        }
    }

    /// Decorators without a declaration: the code of the last says what is missing.
    fn dangling(&self, node: &MissingDeclarationSyntax<'a>) {
        if node.broken {
            return;
        }
        for (at, syntax) in node.decorators.iter().enumerate() {
            let Some((name, decorator)) = self.decorator(syntax) else { continue };
            self.decorator_arguments(syntax, name, decorator);
            if at + 1 < node.decorators.len() {
                continue;
            }
            let typed = Sites::OUTPUT;
            let (code, wanted) = if decorator.sites.meets(Sites::VARIABLE) {
                ("BCP132", "a declaration")
            } else if decorator.sites.meets(typed) {
                ("BCP292", "a parameter, output or type")
            } else if decorator.sites.meets(Sites::PARAMETER) {
                ("BCP147", "a parameter")
            } else if decorator.sites.meets(Sites::MODULE) {
                ("BCP153", "a resource or module")
            } else if decorator.sites.meets(Sites::RESOURCE) {
                ("BCP149", "a resource")
            } else {
                ("BCP132", "a declaration")
            };
            let title = format!("`@{}` is not followed by {wanted}", name.name);
            let words = ("the decorator applies to nothing", "add a declaration after it");
            self.error(code, syntax.span, title, words);
        }
    }

    /// The decorator that is meant. Anything else is reported.
    fn decorator(
        &self,
        syntax: &DecoratorSyntax<'a>,
    ) -> Option<(IdentifierSyntax<'a>, &'static Decorator)> {
        let name = match syntax.expression {
            ExpressionSyntax::FunctionCall(node) => node.name,
            ExpressionSyntax::InstanceFunctionCall(node) => node.name,
            ExpressionSyntax::Skipped(_) => return None,
            ExpressionSyntax::PropertyAccess(node) if node.name.is_missing() => return None,
            ExpressionSyntax::Variable(node) if self.bound.global(node.name.name).is_none() => {
                self.uncalled(node.name);
                return None;
            }
            other => {
                let words = ("a decorator must be a function call", "add parentheses");
                self.error("BCP141", other.span(), "the decorator is not a function call", words);
                return None;
            }
        };
        if name.is_missing() {
            return None;
        }
        let enabled = |decorator: &Decorator| {
            decorator.experiment.is_none_or(|experiment| self.modules.experiment(experiment))
        };
        if let Some(found) = functions::decorator(name.name).filter(|found| enabled(found)) {
            return Some((name, found));
        }
        if functions::function(None, name.name).is_some() {
            let title = format!("`{}` is not a decorator", name.name);
            self.error(
                "BCP152",
                name.span,
                title,
                ("this is a function", "use a decorator, or remove it"),
            );
            return None;
        }
        let known = functions::decorators().iter().filter(|known| enabled(known));
        let known = known.map(|decorator| decorator.name);
        let title = format!("unknown decorator `{}`", name.name);
        let label = "no decorator has this name";
        // After a namespace, the codes are those of a function that it does not have.
        let codes = match syntax.expression {
            ExpressionSyntax::InstanceFunctionCall(_) => ("BCP108", "BCP107"),
            _ => ("BCP082", "BCP057"),
        };
        match suggestion(name.name, known) {
            Some(near) => {
                let help = format!("did you mean `@{near}`?");
                self.error(codes.0, name.span, title, (label, &help));
            }
            None => self.error(codes.1, name.span, title, (label, "correct its name")),
        }
        None
    }

    /// Judges the arguments, and says whether there are as many as it takes.
    fn decorator_arguments(
        &self,
        syntax: &DecoratorSyntax<'a>,
        name: IdentifierSyntax<'a>,
        decorator: &'static Decorator,
    ) -> bool {
        let arguments = match syntax.expression {
            ExpressionSyntax::FunctionCall(node) => node.arguments,
            ExpressionSyntax::InstanceFunctionCall(node) => node.arguments,
            _ => return true,
        };
        let parentheses = self.parentheses(name.span.end, syntax.span);
        let maximum = decorator.parameters.len();
        if !self.count(arguments.len(), decorator.minimum, Some(maximum), parentheses) {
            return false;
        }
        for (argument, wanted) in arguments.iter().zip(decorator.parameters) {
            let found = self.infer(*argument);
            if !found.is_error() && found.can_be(*wanted) {
                self.constant_value(*argument);
            }
            if !found.is_error() && !found.can_be(*wanted) {
                let title = format!("`@{}` does not accept `{}`", name.name, found.name());
                let help = format!("pass a value of type {}", functions::kind_names(*wanted));
                self.error("BCP070", argument.span(), title, ("wrong type of argument", &help));
            } else {
                self.decorator_value(decorator, *argument, &found);
            }
        }
        true
    }

    /// Reports the name of a decorator that is not called.
    fn uncalled(&self, name: IdentifierSyntax<'a>) {
        if name.is_missing() {
            return;
        }
        let known = functions::decorator(name.name).is_some()
            || functions::function(None, name.name).is_some();
        if known {
            let title = format!("`@{}` has no parentheses", name.name);
            self.error(
                "BCP063",
                name.span,
                title,
                ("a decorator must be a function call", "add parentheses"),
            );
        } else if Namespace::named(name.name).is_some() {
            let words = ("a decorator must be a function call", "call one of its decorators");
            self.error("BCP141", name.span, "the decorator is not a function call", words);
        } else {
            let title = format!("unknown decorator `{}`", name.name);
            let label = "no decorator has this name";
            self.error("BCP057", name.span, title, (label, "correct its name"));
        }
    }

    /// Judges a length or a list of values that a decorator is given.
    fn decorator_value(
        &self,
        decorator: &Decorator,
        argument: ExpressionSyntax<'a>,
        found: &Type<'a>,
    ) {
        match (decorator.name, found) {
            ("minLength" | "maxLength", Type::Int(Integer { literal: Some(value), .. }))
                if *value < 0 =>
            {
                let title = format!("length {value} is negative");
                let words = ("a length cannot be negative", "use 0 or more");
                self.error("BCP168", argument.span(), title, words);
            }
            ("allowed", _) => {
                if let ExpressionSyntax::Array(node) = argument
                    && node.items.is_empty()
                {
                    let words = ("no value would be valid", "list the allowed values");
                    self.error(
                        "BCP099",
                        argument.span(),
                        "the list of allowed values is empty",
                        words,
                    );
                }
            }
            ("batchSize", Type::Int(Integer { literal: Some(value), .. })) => {
                self.batch_size(*value, argument.span());
            }
            _ => {}
        }
    }

    fn batch_size(&self, value: i64, span: Span) {
        if value < 1 {
            let title = format!("batch size {value} is below 1");
            self.error(
                "BCP154",
                span,
                title,
                ("a batch contains at least one instance", "use 1 or more"),
            );
        }
    }
}

/// Whether a type is written as its values.
fn is_written_out(target: TypeSyntax<'_>) -> bool {
    matches!(
        target,
        TypeSyntax::String(_)
            | TypeSyntax::Integer(_)
            | TypeSyntax::Boolean(_)
            | TypeSyntax::Unary(_)
            | TypeSyntax::Union(_)
    )
}

/// Whether a type is one value or several, leaving null out.
fn is_one_of_literals(described: &Type<'_>) -> bool {
    let some = described.without_null();
    match some.as_ref().unwrap_or(described) {
        Type::Union(members) => members.iter().all(is_literal),
        other => is_literal(other),
    }
}
