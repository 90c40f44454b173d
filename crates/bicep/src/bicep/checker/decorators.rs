//! Decorators: which may stand where, and what they take.

use super::Checker;
use crate::bicep::functions::{self, Decorator, Sites};
use crate::bicep::spelling::suggestion;
use crate::bicep::syntax::{
    DeclarationBody, DecoratorSyntax, ExpressionSyntax, IdentifierSyntax, ObjectItemSyntax,
    ObjectSyntax, StatementSyntax,
};
use crate::bicep::types::{Integer, Type};
use crate::diagnostic::Span;

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
                    self.dangling(node.decorators);
                    continue;
                }
                StatementSyntax::Function(_) | StatementSyntax::Import(_) => continue,
                other => {
                    for decorator in other.decorators() {
                        let words = ("this statement takes none", "remove it");
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
            let described = match statement {
                StatementSyntax::Parameter(node) => Some(self.described(node.r#type)),
                StatementSyntax::Output(node) => Some(self.described(node.r#type)),
                StatementSyntax::Type(node) => Some(self.described(node.value)),
                _ => None,
            };
            self.decorated(statement.decorators(), site, body, described.as_ref());
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
                ObjectItemSyntax::Missing(node) => self.dangling(node.decorators),
                _ => {}
            }
        }
    }

    /// The decorators of a property or an item of a type.
    pub(super) fn decorated_member(
        &self,
        decorators: &'a [DecoratorSyntax<'a>],
        sites: Sites,
        described: &Type<'a>,
    ) {
        self.decorated(decorators, site(sites, "BCP297", "a type"), None, Some(described));
    }

    /// Whether a decorator can describe a type.
    fn describes(&self, syntax: &DecoratorSyntax<'a>, decorator: &Decorator, described: &Type<'a>) {
        let Some(wanted) = decorator.target else { return };
        let some = described.without_null().unwrap_or_else(|| described.clone());
        if !some.is_always(wanted) {
            let title = format!("`@{}` on `{}`", decorator.name, some.name());
            let help = format!("use it on {}", functions::kind_names(wanted));
            let label = "it cannot describe values of this type";
            self.error("BCP124", syntax.span, title, (label, &help));
        }
    }

    /// Each decorator may stand once.
    fn repeated_decorators(&self, decorators: &'a [DecoratorSyntax<'a>]) {
        let name = |syntax: &DecoratorSyntax<'a>| match syntax.expression {
            ExpressionSyntax::FunctionCall(node) => Some(node.name.name),
            _ => None,
        };
        for syntax in decorators {
            let own = name(syntax).filter(|own| functions::decorator(own).is_some());
            let count = decorators.iter().filter(|other| own.is_some() && name(other) == own);
            if count.count() > 1 {
                let title = format!("`@{}` more than once", own.unwrap_or_default());
                self.error("BCP166", syntax.span, title, ("only one can count", "remove one"));
            }
        }
    }

    fn decorated(
        &self,
        decorators: &'a [DecoratorSyntax<'a>],
        site: Site,
        body: Option<DeclarationBody<'a>>,
        described: Option<&Type<'a>>,
    ) {
        self.repeated_decorators(decorators);
        for syntax in decorators {
            let Some((name, decorator)) = self.decorator(syntax) else { continue };
            if !decorator.sites.meets(site.sites) {
                let title = format!("`@{}` on {}", name.name, site.what);
                self.error(site.code, name.span, title, ("does not belong here", "remove it"));
                continue;
            }
            self.decorator_arguments(syntax, name, decorator);
            if let (Some(described), ExpressionSyntax::FunctionCall(_)) =
                (described, syntax.expression)
            {
                self.describes(syntax, decorator, described);
            }
            if decorator.name == "batchSize" && body.is_some_and(|body| body.r#for.is_none()) {
                let words = ("only loops have batches", "remove it");
                self.error("BCP155", syntax.span, "`@batchSize` without a loop", words);
            }
        }
    }

    /// Decorators without a declaration: the code says what is missing.
    fn dangling(&self, decorators: &'a [DecoratorSyntax<'a>]) {
        for syntax in decorators {
            let Some((name, decorator)) = self.decorator(syntax) else { continue };
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
            let title = format!("`@{}` without {wanted} after it", name.name);
            let words = ("nothing that it could describe follows", "declare something after it");
            self.error(code, syntax.span, title, words);
            self.decorator_arguments(syntax, name, decorator);
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
            other => {
                let words = ("a decorator is called", "add parentheses");
                self.error("BCP141", other.span(), "decorator that is not called", words);
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
            let title = format!("`{}` is no decorator", name.name);
            self.error("BCP152", name.span, title, ("a function", "use a decorator, or remove it"));
            return None;
        }
        let known = functions::decorators().iter().filter(|known| enabled(known));
        let known = known.map(|decorator| decorator.name);
        let title = format!("unknown decorator `{}`", name.name);
        let label = "no decorator of this name is known";
        match suggestion(name.name, known) {
            Some(near) => {
                let help = format!("did you mean `@{near}`?");
                self.error("BCP082", name.span, title, (label, &help));
            }
            None => self.error("BCP057", name.span, title, (label, "correct its name")),
        }
        None
    }

    fn decorator_arguments(
        &self,
        syntax: &DecoratorSyntax<'a>,
        name: IdentifierSyntax<'a>,
        decorator: &'static Decorator,
    ) {
        let arguments = match syntax.expression {
            ExpressionSyntax::FunctionCall(node) => node.arguments,
            ExpressionSyntax::InstanceFunctionCall(node) => node.arguments,
            _ => return,
        };
        let parentheses = self.parentheses(name.span.end, syntax.span);
        let maximum = decorator.parameters.len();
        if !self.count(arguments.len(), decorator.minimum, Some(maximum), parentheses) {
            return;
        }
        for (argument, wanted) in arguments.iter().zip(decorator.parameters) {
            let found = self.infer(*argument);
            if !found.is_error() && found.can_be(*wanted) {
                self.constant_value(*argument);
            }
            if !found.is_error() && !found.can_be(*wanted) {
                let title = format!("argument of `@{}` is `{}`", name.name, found.name());
                let help = format!("give it {}", functions::kind_names(*wanted));
                self.error("BCP070", argument.span(), title, ("wrong kind of argument", &help));
            } else if let (Type::Int(Integer { literal: Some(value), .. }), "batchSize") =
                (&found, decorator.name)
            {
                self.batch_size(*value, argument.span());
            }
        }
    }

    fn batch_size(&self, value: i64, span: Span) {
        if value < 1 {
            let title = format!("batch of {value}");
            self.error("BCP154", span, title, ("at least one at a time", "use 1 or more"));
        }
    }
}
