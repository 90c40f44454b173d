//! Which of the forms of a built-in function a call means, and whether its arguments fit that form in all
//! their parts.

use std::borrow::Cow;

use super::Checker;
use super::call::accumulated;
use super::narrow::Narrowing;
use crate::bicep::functions::{Form, Function, Kinds, Use, forms, kind_names};
use crate::bicep::syntax::{ExpressionSyntax, IdentifierSyntax};
use crate::bicep::types::{Flags, Integer, Marks, ObjectType, Property, Text, Type};
use crate::diagnostic::Span;

/// A form that takes as many arguments, but not of these kinds.
struct Mismatch {
    at: usize,
    wanted: Kinds,
    /// Whether the argument would fit if it were not null.
    but_for_null: bool,
}

/// Which forms arguments fit.
enum Match {
    One(Form),
    /// More than one, since some arguments may be anything.
    Several,
    None(Vec<Mismatch>),
}

impl<'a> Checker<'a, '_> {
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
        if function.name == "nameof" {
            return self.name_of(syntax);
        }
        if function.usage == Use::ParameterDefault {
            self.parameter_default_only(name);
        }
        let broken = arguments.iter().zip(syntax);
        let broken = broken.filter(|(found, _)| found.is_error());
        let broken = broken.into_iter().any(|(_, syntax)| !self.is_told(*syntax));
        // What is wrong with an argument has been told.
        let mut arguments = Cow::Borrowed(arguments);
        for at in 0..arguments.len() {
            if arguments[at].is_error() {
                arguments.to_mut()[at] = Type::Any;
            }
        }
        let form = loop {
            match self.matching(function, syntax, &arguments) {
                Match::One(form) => break Some(form),
                Match::Several => break None,
                Match::None(mismatches) => {
                    let nullable = mismatches.iter().find(|one| one.but_for_null);
                    let Some(nullable) = nullable else {
                        self.mismatch(function, &mismatches, &arguments, syntax);
                        return Type::Error;
                    };
                    let some = arguments[nullable.at].without_null();
                    arguments.to_mut()[nullable.at] = some.unwrap_or(Type::Any);
                }
            }
        };
        if broken {
            return Type::Error;
        }
        let Some(form) = form else { return Type::Any };
        for (at, argument) in syntax.iter().enumerate() {
            self.narrow_argument(function, &form, at, *argument, &arguments);
        }
        if function.name == "providers" {
            let title = "`providers` is deprecated";
            let words = ("Bicep will remove this function", "write the API version as plain text");
            self.warning("BCP241", name.span, title, words);
        }
        self.result(function, &form, syntax, &arguments)
    }

    /// Whether all that is wrong with an argument has been told at its place, so that the call is what it is.
    fn is_told(&self, argument: ExpressionSyntax<'a>) -> bool {
        let base = match argument {
            ExpressionSyntax::Skipped(_) => return true,
            ExpressionSyntax::PropertyAccess(node) => node.base,
            _ => return false,
        };
        matches!(self.infer(base), Type::Object(_) | Type::Resource(..) | Type::Module(..))
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

    fn matching(
        &self,
        function: &Function,
        syntax: &'a [ExpressionSyntax<'a>],
        arguments: &[Type<'a>],
    ) -> Match {
        let own = [function.form()];
        let forms = forms(function.name).unwrap_or(&own);
        let anything = arguments.iter().any(|argument| matches!(argument, Type::Any));
        let (mut mismatches, mut perhaps) = (Vec::new(), Vec::new());
        for form in forms.iter().filter(|form| form.takes(arguments.len())) {
            match self.mismatch_of(function, form, syntax, arguments) {
                Some(mismatch) => mismatches.push(mismatch),
                None if !anything && !arguments.is_empty() => return Match::One(*form),
                None => perhaps.push(*form),
            }
        }
        match perhaps.as_slice() {
            [] => Match::None(mismatches),
            [one] => Match::One(*one),
            _ => Match::Several,
        }
    }

    /// The first argument that does not fit a form.
    fn mismatch_of(
        &self,
        function: &Function,
        form: &Form,
        syntax: &'a [ExpressionSyntax<'a>],
        arguments: &[Type<'a>],
    ) -> Option<Mismatch> {
        arguments.iter().enumerate().find_map(|(at, argument)| {
            let wanted = form.parameter(at);
            let unfit = match syntax.get(at) {
                Some(ExpressionSyntax::Lambda(node)) if wanted.meets(Kinds::LAMBDA) => {
                    self.unfit_lambda(function, at, node).is_some()
                }
                _ => !argument.is_always(wanted),
            };
            let some = || argument.without_null().is_some_and(|some| some.is_always(wanted));
            unfit.then(|| Mismatch { at, wanted, but_for_null: some() })
        })
    }

    fn mismatch(
        &self,
        function: &Function,
        mismatches: &[Mismatch],
        arguments: &[Type<'a>],
        syntax: &'a [ExpressionSyntax<'a>],
    ) {
        let Some(last) = mismatches.iter().max_by_key(|one| one.at) else { return };
        let place = syntax[last.at].span();
        // All forms fail at one argument, so that none of them is the best.
        let alike = mismatches.len() > 1 && mismatches.iter().all(|one| one.at == last.at);
        let code = if alike { "BCP048" } else { "BCP070" };
        if let ExpressionSyntax::Lambda(node) = syntax[last.at] {
            let wanted = self.unfit_lambda(function, last.at, node).unwrap_or("a different lambda");
            let title = format!("`{}` does not accept this lambda", function.name);
            let help = format!("pass {wanted}");
            return self.error(code, place, title, ("not valid for this function", &help));
        }
        let title = format!("`{}` does not accept `{}`", function.name, arguments[last.at].name());
        let wanted = mismatches.iter().filter(|one| one.at == last.at);
        let wanted = wanted.map(|one| one.wanted).reduce(Kinds::or).unwrap_or(last.wanted);
        let help = format!("pass a value of type {}", kind_names(wanted));
        self.error(code, place, title, ("wrong type of argument", &help));
    }

    /// Holds an argument to what its place takes.
    fn narrow_argument(
        &self,
        function: &Function,
        form: &Form,
        at: usize,
        argument: ExpressionSyntax<'a>,
        arguments: &[Type<'a>],
    ) {
        if let (ExpressionSyntax::Lambda(node), "reduce") = (argument, function.name) {
            let wanted = accumulated(&arguments[1]);
            return self.narrow(node.body, &wanted, Narrowing::VALUE);
        }
        let found = self.infer(argument);
        let nullable = found.allows_null();
        match parameter_type(function.name, at, arguments) {
            Some(wanted) => self.narrow(argument, &wanted, Narrowing::VALUE),
            None if found.has_broken_property() => {
                let wanted = Type::of_any_kind(form.parameter(at));
                self.narrow(argument, &wanted, Narrowing::VALUE);
            }
            // Nothing more can be said of other arguments than their kind.
            None if nullable && !form.parameter(at).meets(Kinds::NULL) => {
                self.maybe_null(argument.span());
            }
            None => {}
        }
    }
}

/// What a place takes of which more is known than the kind.
fn parameter_type<'a>(name: &str, at: usize, arguments: &[Type<'a>]) -> Option<Type<'a>> {
    let array_of = |item: Type<'a>| Some(Type::array_of(item));
    match (name, at) {
        ("flatten", 0) => array_of(Type::array()),
        ("join", 0) => array_of(Type::any_of([Type::string(), Type::int(), Type::bool()])),
        ("max" | "min", 0) if matches!(arguments, [Type::Array(_)]) => array_of(Type::int()),
        ("shallowMerge", 0) => array_of(Type::object()),
        ("buildUri", 0) => Some(uri_parts()),
        ("substring", 1) => Some(between(longest(arguments))),
        ("substring", 2) => Some(between(longest(arguments).map(|most| {
            let start = match &arguments[1] {
                Type::Int(number) => number.bounds().0,
                _ => None,
            };
            start.filter(|start| *start <= most).map_or(most, |start| most - start)
        }))),
        _ => None,
    }
}

/// Whole numbers from 0.
fn between<'a>(maximum: Option<i64>) -> Type<'a> {
    Type::Int(Integer::between(Some(0), maximum))
}

/// The greatest length of the first argument, if it is a text.
fn longest(arguments: &[Type<'_>]) -> Option<i64> {
    match arguments.first() {
        Some(Type::String(Text { literal: Some(text), .. })) => {
            i64::try_from(text.encode_utf16().count()).ok()
        }
        Some(Type::String(text)) => text.maximum,
        _ => None,
    }
}

/// The parts of a URI, as `parseUri` gives and `buildUri` takes them.
pub(super) fn uri_parts<'a>() -> Type<'a> {
    let part = |name, kind, flags| Property::new(name, kind, flags);
    let properties = vec![
        part("scheme", Type::string(), Flags::REQUIRED),
        part("host", Type::string(), Flags::REQUIRED),
        part("port", Type::int(), Flags::NONE),
        part("path", Type::string(), Flags::NONE),
        part("query", Type::string(), Flags::NONE),
    ];
    Type::shaped(ObjectType { properties, marks: Marks::NONE, ..ObjectType::default() })
}
