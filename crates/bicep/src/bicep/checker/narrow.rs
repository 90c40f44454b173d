//! Whether a value fits a type in all its parts: what is missing, unknown, read-only or of another type.

use super::Checker;
use crate::bicep::binder::SymbolKind;
use crate::bicep::spelling::suggestion;
use crate::bicep::syntax::{
    ArrayItemSyntax, ArraySyntax, ExpressionSyntax, ObjectItemSyntax, ObjectSyntax,
};
use crate::bicep::types::{
    ArrayType, DiscriminatedType, Flags, Marks, ObjectType, Text, Type, assignable,
};
use crate::diagnostic::{Diagnostic, Severity, Span};

/// How many steps one file may take: what is left then is taken for granted.
const MAX_STEPS: u32 = 200_000;

/// How a value is held to its type.
#[derive(Clone, Copy)]
pub(super) struct Narrowing<'n> {
    /// Where to report, if not at the value: the variable that holds it.
    origin: Option<Span>,
    /// Where to report what an object lacks.
    owner: Option<Span>,
    mismatch: Mismatch<'n>,
    no_any: bool,
    /// Whether it is the body of a resource, where Azure's tables may be imprecise.
    pub(super) resource: bool,
}

/// What a value of another type is.
#[derive(Clone, Copy)]
enum Mismatch<'n> {
    Value,
    Item(bool),
    Spread(bool),
    Property(&'n str, bool),
}

impl Narrowing<'_> {
    /// A value that stands for itself.
    pub(super) const VALUE: Narrowing<'static> = Narrowing {
        origin: None,
        owner: None,
        mismatch: Mismatch::Value,
        no_any: false,
        resource: false,
    };

    /// The value of a declaration, with the place of its name.
    pub(super) fn declaration(owner: Span, resource: bool) -> Narrowing<'static> {
        Narrowing { owner: Some(owner), resource, ..Self::VALUE }
    }
}

impl<'a> Checker<'a, '_> {
    /// Holds a value to a type.
    pub(super) fn narrow(
        &self,
        value: ExpressionSyntax<'a>,
        target: &Type<'a>,
        how: Narrowing<'_>,
    ) {
        let found = self.infer(value);
        if !found.is_error() {
            self.narrow_as(value, &found, target, how);
        }
    }

    fn narrow_as(
        &self,
        value: ExpressionSyntax<'a>,
        found: &Type<'a>,
        target: &Type<'a>,
        how: Narrowing<'_>,
    ) {
        if self.steps.get() >= MAX_STEPS {
            return;
        }
        self.steps.set(self.steps.get() + 1);
        self.deeper(|| self.narrow_here(value, found, target, how));
    }

    fn narrow_here(
        &self,
        value: ExpressionSyntax<'a>,
        found: &Type<'a>,
        target: &Type<'a>,
        how: Narrowing<'_>,
    ) {
        let place = how.origin.unwrap_or(value.span());
        if how.no_any && matches!(found, Type::Any) {
            let words = ("the compiler must know the resource", "refer to the resource directly");
            self.error("BCP176", place, "`any` is not allowed here", words);
            return;
        }
        if found.is_error() && matches!(how.mismatch, Mismatch::Value) {
            return;
        }
        if let (ExpressionSyntax::For(node), Type::Array(array)) = (value, target) {
            return self.narrow(node.body, &array.item(), how);
        }
        let target = target.clone().collapsed();
        if !assignable(found, &target) {
            return self.mismatched(value, found, &target, how);
        }
        if let Some(declared) = self.declared_value(value)
            && !matches!(target, Type::String(_) | Type::Int(_) | Type::Bool(..) | Type::Any)
        {
            let how = Narrowing { origin: how.origin.or(Some(value.span())), ..how };
            return self.narrow_as(declared, found, &target, how);
        }
        match &target {
            Type::Int(wanted) => self.narrow_int(value, found, wanted, how),
            Type::String(wanted) => self.narrow_string(value, found, wanted, how),
            Type::Object(wanted) => {
                self.narrow_object(without_condition(value), found, wanted, how);
            }
            Type::Discriminated(wanted) => {
                self.narrow_discriminated(without_condition(value), found, wanted, how);
            }
            Type::Array(wanted) => self.narrow_array(value, found, wanted, how),
            Type::Union(members) => self.narrow_union(value, found, members, how),
            _ => {}
        }
    }

    /// The value of the variable that an expression names.
    fn declared_value(&self, value: ExpressionSyntax<'a>) -> Option<ExpressionSyntax<'a>> {
        let ExpressionSyntax::Variable(node) = value else { return None };
        let id = self.bound.target(node.name)?;
        match self.bound.symbol(id).kind {
            SymbolKind::Variable(node) => Some(node.value),
            _ => None,
        }
    }

    fn mismatched(
        &self,
        value: ExpressionSyntax<'a>,
        found: &Type<'a>,
        target: &Type<'a>,
        how: Narrowing<'_>,
    ) {
        let place = how.origin.unwrap_or(value.span());
        if let Some(some) = found.without_null()
            && assignable(&some, target)
        {
            self.maybe_null(value.span());
            return self.narrow_as(value, &some, target, how);
        }
        let (code, warns, what) = match how.mismatch {
            Mismatch::Value => ("BCP033", target.warns(), "the value".to_owned()),
            Mismatch::Item(warns) => ("BCP034", warns, "the item".to_owned()),
            Mismatch::Spread(warns) => ("BCP403", warns, "an item of the array".to_owned()),
            Mismatch::Property(name, warns) => ("BCP036", warns, format!("`{name}`")),
        };
        let severity = if warns { Severity::Warning } else { Severity::Error };
        if let (Mismatch::Property(..), None) = (how.mismatch, how.origin)
            && let Some(near) = near_text(found, target)
        {
            let title = format!("{what} cannot be `{}`", found.name());
            let words = ("not an allowed value", format!("did you mean '{near}'?"));
            return self.report(severity, "BCP088", place, title, (words.0, &words.1));
        }
        let title = format!("{what} is `{}`, not `{}`", found.name(), target.name());
        let help = format!("use a value of type `{}`", target.name());
        self.report(severity, code, place, title, ("wrong type", &help));
    }

    /// Warns of a value that may be null where it may not be.
    pub(super) fn maybe_null(&self, place: Span) {
        let words = ("`null` is not allowed here", "use `??`, or `!` if it is never null");
        self.warning("BCP321", place, "the value can be null", words);
    }

    fn narrow_array(
        &self,
        value: ExpressionSyntax<'a>,
        found: &Type<'a>,
        wanted: &ArrayType<'a>,
        how: Narrowing<'_>,
    ) {
        let wanted_range = (wanted.minimum, wanted.maximum);
        let codes = ["BCP332", "BCP333", "BCP334", "BCP335"];
        let warns = how.resource || wanted.marks.has(Marks::WARN);
        if let ExpressionSyntax::Array(node) = value {
            self.narrow_items(node, wanted, how);
            let spread = node.items.iter().any(|item| matches!(item, ArrayItemSyntax::Spread(_)));
            if !spread {
                let count = i64::try_from(node.items.len()).ok();
                self.range((count, count), wanted_range, codes, "length", node.span, (warns, true));
            }
            return;
        }
        let Type::Array(found) = found else { return };
        let range = (found.minimum, found.maximum);
        let place = value.span();
        if let (Some(items), Some(targets)) = (&found.items, &wanted.items)
            && items.len() == targets.len()
        {
            for (item, target) in items.iter().zip(targets.iter()) {
                self.narrow_as(value, item, target, how);
            }
            return;
        }
        self.range(range, wanted_range, codes, "length", place, (warns, found.items.is_some()));
        self.narrow_as(value, &found.item(), &wanted.item(), how);
    }

    fn narrow_items(&self, node: &ArraySyntax<'a>, wanted: &ArrayType<'a>, how: Narrowing<'_>) {
        if self.bound.has_syntax_error(node.span) {
            return;
        }
        let warns = wanted.marks.has(Marks::WARN);
        let mut spread = false;
        for (at, item) in node.items.iter().enumerate() {
            let how = Narrowing { owner: None, mismatch: Mismatch::Item(warns), ..how };
            match item {
                ArrayItemSyntax::Value(value) => {
                    let target = match &wanted.items {
                        Some(items) if !spread => items.get(at).cloned().unwrap_or(Type::Any),
                        _ => wanted.item(),
                    };
                    self.narrow(*value, &target, how);
                }
                ArrayItemSyntax::Spread(node) => {
                    spread = true;
                    let target = Type::array_between(wanted.item(), None, None, wanted.marks);
                    let how = Narrowing { mismatch: Mismatch::Spread(warns), ..how };
                    self.narrow(node.expression, &target, how);
                }
            }
        }
    }

    fn narrow_union(
        &self,
        value: ExpressionSyntax<'a>,
        found: &Type<'a>,
        members: &[Type<'a>],
        how: Narrowing<'_>,
    ) {
        let Type::Union(several) = found else {
            return self.narrow_to_one(value, found, members, how);
        };
        for one in several.iter() {
            let outcome = self.captured(|| self.narrow_to_one(value, one, members, how));
            let failed = outcome.iter().any(|one| one.severity == Severity::Error);
            self.findings.borrow_mut().extend(outcome);
            // One of the values that it may have is refused, so that it is refused as a whole.
            if failed {
                self.unfit_member(value.span(), one);
            }
        }
    }

    fn unfit_member(&self, place: Span, found: &Type<'a>) {
        let title = format!("the value can be `{}`", found.name());
        let words = ("not every possible value is accepted", "use a value that is always accepted");
        self.error("BCP070", place, title, words);
    }

    /// Holds a value to one of several types.
    fn narrow_to_one(
        &self,
        value: ExpressionSyntax<'a>,
        found: &Type<'a>,
        members: &[Type<'a>],
        how: Narrowing<'_>,
    ) {
        let mut outcomes = Vec::new();
        for member in members.iter().filter(|member| assignable(found, member)) {
            let outcome = self.captured(|| self.narrow_as(value, found, member, how));
            if outcome.is_empty() {
                return;
            }
            outcomes.push(outcome);
        }
        if outcomes.is_empty() {
            return self.unfit_member(value.span(), found);
        }
        // One that is only warned of is better than one that is refused.
        let only_warned =
            |outcome: &Vec<Diagnostic>| outcome.iter().all(|one| one.severity != Severity::Error);
        let good = outcomes.iter().any(only_warned);
        for outcome in outcomes {
            if !good || only_warned(&outcome) {
                self.findings.borrow_mut().extend(outcome);
            }
        }
    }

    fn narrow_discriminated(
        &self,
        value: ExpressionSyntax<'a>,
        found: &Type<'a>,
        wanted: &DiscriminatedType<'a>,
        how: Narrowing<'_>,
    ) {
        let Type::Object(object) = found else { return };
        if self.bound.has_syntax_error(value.span()) {
            return;
        }
        let warns = wanted.marks.has(Marks::WARN_PROPERTY);
        let severity = |warns| if warns { Severity::Warning } else { Severity::Error };
        let syntax = object_syntax(value);
        let keys = wanted.keys();
        let Some(given) = object.property(wanted.key) else {
            if object.additional.is_none() {
                let place = how.origin.unwrap_or(value.span());
                let title = format!("the object has no `{}`", wanted.key);
                let help = format!("set it to one of `{}`", keys.name());
                let label = "this property determines the other properties";
                self.report(severity(warns), "BCP078", place, title, (label, &help));
                let names = object.properties.iter().map(|property| property.name);
                if let Some(near) = suggestion(wanted.key, names) {
                    let at = syntax.and_then(|syntax| syntax.property(near));
                    let at = at.map_or(place, |property| property.key.span());
                    let near_key = (Some(wanted.key), None);
                    self.disallowed(near, how.origin.unwrap_or(at), near_key, warns);
                }
            }
            return;
        };
        let written = syntax.and_then(|syntax| syntax.property(wanted.key));
        let place = how.origin.or(written.map(|written| written.value.span()));
        let place = place.unwrap_or(value.span());
        match given.kind() {
            Type::Any => {}
            Type::String(Text { literal: Some(text), .. }) => {
                if let Some(member) = wanted.member(text) {
                    return self.narrow_object(value, found, member, how);
                }
                self.unknown_kind(text, wanted, place, how);
            }
            other if assignable(&other, &keys) => {
                let title = format!("`{}` is not known at compile time", wanted.key);
                let words =
                    ("the other properties are not checked", "write the value as plain text");
                self.warning("BCP225", place, title, words);
            }
            other => {
                let title =
                    format!("`{}` is `{}`, not `{}`", wanted.key, other.name(), keys.name());
                let severity = severity(how.resource && !wanted.is_system || warns);
                let words = ("wrong type", "use one of the allowed values");
                self.report(severity, "BCP036", place, title, words);
            }
        }
    }

    /// Reports a value of the property that decides which others there are.
    fn unknown_kind(
        &self,
        text: &str,
        wanted: &DiscriminatedType<'a>,
        place: Span,
        how: Narrowing<'_>,
    ) {
        let mut names: Vec<&str> = wanted.members.iter().map(|(value, _)| *value).collect();
        names.sort_unstable();
        let near = near_literal(text, &names).filter(|_| how.origin.is_none());
        let warns = how.resource || wanted.marks.has(Marks::WARN_PROPERTY);
        let severity = if warns { Severity::Warning } else { Severity::Error };
        let (code, help) = match near {
            Some(near) => ("BCP088", format!("did you mean '{near}'?")),
            None => ("BCP036", "use one of the allowed values".to_owned()),
        };
        let title = format!("`{}` is '{text}', not `{}`", wanted.key, wanted.keys().name());
        self.report(severity, code, place, title, ("not an allowed value", &help));
    }

    fn narrow_object(
        &self,
        value: ExpressionSyntax<'a>,
        found: &Type<'a>,
        wanted: &ObjectType<'a>,
        how: Narrowing<'_>,
    ) {
        let Type::Object(object) = found else { return };
        if self.bound.has_syntax_error(value.span()) {
            return;
        }
        let syntax = object_syntax(value);
        self.missing(value, object, wanted, how);
        for declared in &wanted.properties {
            let Some(given) = object.property(declared.name) else { continue };
            let written = syntax.and_then(|syntax| syntax.property(declared.name));
            let key = how.origin.or(written.map(|written| written.key.span()));
            let key = key.unwrap_or(value.span());
            let system = declared.flags.has(Flags::SYSTEM);
            if declared.flags.has(Flags::READ_ONLY) {
                let inaccurate = how.resource && !system;
                let warns = inaccurate || wanted.marks.has(Marks::WARN_PROPERTY);
                self.read_only(declared.name, value, key, warns, given.flags);
                continue;
            }
            if declared.flags.has(Flags::FALLBACK) {
                self.fallback(declared.name, key);
            }
            let mut target = declared.kind();
            let warns = how.resource && !system || target.warns();
            if declared.flags.has(Flags::IMPLICIT_NULL) && !declared.flags.has(Flags::REQUIRED) {
                target = target.or(Type::Null);
            }
            let inner = Narrowing {
                owner: written.map(|written| written.key.span()),
                mismatch: Mismatch::Property(declared.name, warns),
                no_any: declared.flags.has(Flags::NO_ANY),
                ..how
            };
            let inside = written.map_or(value, |written| written.value);
            self.narrow_as(inside, &given.kind(), &target, inner);
        }
        self.more_properties(value, object, wanted, how);
    }

    fn missing(
        &self,
        value: ExpressionSyntax<'a>,
        object: &ObjectType<'a>,
        wanted: &ObjectType<'a>,
        how: Narrowing<'_>,
    ) {
        if object.additional.is_some() {
            return;
        }
        let missing = wanted.properties.iter().filter(|declared| {
            declared.flags.has(Flags::REQUIRED)
                && object.property(declared.name).is_none()
                && !assignable(&Type::Null, &declared.kind())
        });
        let missing: Vec<_> = missing.collect();
        if missing.is_empty() {
            return;
        }
        let system = missing.iter().any(|declared| declared.flags.has(Flags::SYSTEM));
        let warns = how.resource && !system || wanted.marks.has(Marks::WARN_PROPERTY);
        let severity = if warns { Severity::Warning } else { Severity::Error };
        let mut names: Vec<&str> = missing.iter().map(|declared| declared.name).collect();
        names.sort_unstable();
        let place = how.origin.or(how.owner).unwrap_or(value.span());
        let title = format!("`{}` is missing", names.join("`, `"));
        let words = ("required here", "add the missing properties");
        self.report(severity, "BCP035", place, title, words);
    }

    fn read_only(
        &self,
        name: &str,
        value: ExpressionSyntax<'a>,
        place: Span,
        warns: bool,
        given: Flags,
    ) {
        if self.existing_bodies.borrow().contains(&value.span().start) {
            let title = format!("`{name}` on an existing resource");
            let words = (
                "an `existing` declaration only refers to the resource",
                "remove the property, or remove `existing`",
            );
            self.error("BCP173", place, title, words);
        } else if !given.has(Flags::READ_ONLY) {
            let severity = if warns { Severity::Warning } else { Severity::Error };
            let words = ("the property is read-only", "remove it");
            self.report(severity, "BCP073", place, format!("`{name}` cannot be set"), words);
        }
    }

    /// Warns of a property that Bicep takes though its type does not have it.
    pub(super) fn fallback(&self, name: &str, place: Span) {
        let title = format!("`{name}` is not a property of this type");
        let words = ("Azure might refuse it", "remove it, or correct its name");
        self.warning("BCP187", place, title, words);
    }

    fn more_properties(
        &self,
        value: ExpressionSyntax<'a>,
        object: &ObjectType<'a>,
        wanted: &ObjectType<'a>,
        how: Narrowing<'_>,
    ) {
        let syntax = object_syntax(value);
        let mut extra = object
            .properties
            .iter()
            .filter(|given| wanted.property(given.name).is_none())
            .peekable();
        let fallback = wanted.additional.as_ref().is_some_and(|more| more.1.has(Flags::FALLBACK));
        if wanted.additional.is_none() || fallback && syntax.is_some() {
            let warns = fallback || wanted.marks.has(Marks::WARN_PROPERTY);
            let free = |declared: &&crate::bicep::types::Property<'a>| {
                !declared.flags.has(Flags::READ_ONLY)
                    && !declared.flags.has(Flags::FALLBACK)
                    && object.property(declared.name).is_none()
            };
            let mut names: Vec<&str> = Vec::new();
            if extra.peek().is_some() {
                names.extend(wanted.properties.iter().filter(free).map(|declared| declared.name));
                names.sort_unstable();
            }
            for given in extra {
                let written = syntax.and_then(|syntax| syntax.property(given.name));
                let place = how.origin.or(written.map(|written| written.key.span()));
                let place = place.unwrap_or(value.span());
                let near = suggestion(given.name, names.iter().copied());
                let near = near.filter(|_| how.origin.is_none());
                let all = wanted.properties.iter().map(|declared| declared.name);
                let taken = if near.is_none() { suggestion(given.name, all) } else { None };
                self.disallowed(given.name, place, (near, taken), warns);
            }
            self.computed_names(syntax, warns);
            return;
        }
        let Some((target, flags)) = wanted.additional() else { return };
        let open = matches!(target, Type::Any);
        // Nothing that is valid is wrong where anything is taken.
        for given in extra.filter(|given| !open || given.kind().is_error()) {
            let written = syntax.and_then(|syntax| syntax.property(given.name));
            let warns = target.warns();
            let mut target = target.clone();
            if flags.has(Flags::IMPLICIT_NULL) {
                target = target.or(Type::Null);
            }
            let inner = Narrowing {
                owner: written.map(|written| written.key.span()),
                mismatch: Mismatch::Property(given.name, warns),
                no_any: false,
                ..how
            };
            let inside = written.map_or(value, |written| written.value);
            self.narrow_as(inside, &given.kind(), &target, inner);
        }
    }

    fn computed_names(&self, syntax: Option<&'a ObjectSyntax<'a>>, warns: bool) {
        for property in syntax.into_iter().flat_map(ObjectSyntax::properties) {
            if property.name().is_none() {
                let severity = if warns { Severity::Warning } else { Severity::Error };
                let title = "the property name is an expression";
                let words =
                    ("the type allows only its own properties", "write the name as plain text");
                self.report(severity, "BCP040", property.key.span(), title, words);
            }
        }
    }

    /// Reports a property that the type has not, with the nearest one that is free and the nearest one that is given
    /// already.
    fn disallowed(
        &self,
        name: &str,
        place: Span,
        (near, taken): (Option<&str>, Option<&str>),
        warns: bool,
    ) {
        let severity = if warns { Severity::Warning } else { Severity::Error };
        let title = format!("unknown property `{name}`");
        let (code, help) = match (near, taken) {
            (Some(near), _) => ("BCP089", format!("did you mean `{near}`?")),
            (None, Some(taken)) => {
                ("BCP037", format!("did you mean `{taken}`, which is already set?"))
            }
            (None, None) => ("BCP037", "remove it, or correct its name".to_owned()),
        };
        let label = "the type has no property with this name";
        self.report(severity, code, place, title, (label, &help));
    }
}

/// The value inside of a condition.
fn without_condition(value: ExpressionSyntax<'_>) -> ExpressionSyntax<'_> {
    match value {
        ExpressionSyntax::If(node) => node.body,
        other => other,
    }
}

fn object_syntax(value: ExpressionSyntax<'_>) -> Option<&ObjectSyntax<'_>> {
    match value {
        ExpressionSyntax::Object(node)
            if !node.items.iter().any(|item| matches!(item, ObjectItemSyntax::Skipped(_))) =>
        {
            Some(node)
        }
        _ => None,
    }
}

/// The text among those that are wanted that is meant by another.
fn near_text<'a>(found: &Type<'a>, target: &Type<'a>) -> Option<&'a str> {
    let Type::String(Text { literal: Some(text), .. }) = found else { return None };
    let Type::Union(members) = target else { return None };
    let mut known = Vec::new();
    for member in members.iter() {
        match member {
            Type::String(Text { literal: Some(text), .. }) => known.push(*text),
            _ => return None,
        }
    }
    known.sort_unstable();
    near_literal(text, &known)
}

/// The text that is meant by another. Both are compared with their quotes, as Microsoft's compiler does.
fn near_literal<'a>(text: &str, known: &[&'a str]) -> Option<&'a str> {
    let quoted: Vec<String> = known.iter().map(|text| format!("'{text}'")).collect();
    let near = suggestion(&format!("'{text}'"), quoted.iter().map(String::as_str))?;
    let at = quoted.iter().position(|known| known == near)?;
    known.get(at).copied()
}
