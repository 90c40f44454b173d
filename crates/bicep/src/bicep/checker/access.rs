//! Properties and items: `a.b`, `a['b']`, `a[0]`, `a::b`.

use smallvec::SmallVec;

use super::Checker;
use super::interface::{Export, Interface};
use super::values::within;
use crate::bicep::binder::{ResourceId, SymbolKind};
use crate::bicep::functions::{Kinds, Namespace};
use crate::bicep::spelling::suggestion;
use crate::bicep::syntax::{
    ArrayAccessSyntax, DeclarationBody, ExpressionSyntax, PropertyAccessSyntax,
    ResourceAccessSyntax,
};
use crate::bicep::types::{ArrayType, Flags, ObjectType, Text, Type, assignable};
use crate::diagnostic::{Severity, Span};

/// The types that live in `sys`, which its names may be taken for.
const SYS_TYPES: [&str; 9] = [
    "any",
    "array",
    "bool",
    "int",
    "object",
    "resourceInput",
    "resourceOutput",
    "string",
    "resource",
];

/// What a resource is asked for without asking Azure.
pub(super) const STATIC_PROPERTIES: [&str; 4] = ["id", "name", "type", "apiVersion"];

/// A declaration that may turn out to make nothing.
#[derive(Clone, Copy, PartialEq)]
enum Owner {
    Resource(ResourceId, bool),
    Module(crate::bicep::binder::SymbolId, bool),
}

impl Owner {
    fn is_collection(self) -> bool {
        match self {
            Self::Resource(_, all) | Self::Module(_, all) => all,
        }
    }
}

impl<'a> Checker<'a, '_> {
    /// The type that a chain of accesses leads to.
    pub(super) fn accessed(&self, expression: ExpressionSyntax<'a>) -> Type<'a> {
        let mut chain: SmallVec<[ExpressionSyntax<'a>; 8]> = SmallVec::new();
        let mut base = expression;
        loop {
            let next = match base {
                ExpressionSyntax::PropertyAccess(node) => node.base,
                ExpressionSyntax::ArrayAccess(node) => node.base,
                _ => break,
            };
            chain.push(base);
            base = next;
        }
        let mut found = self.infer(base);
        let mut null_removed = false;
        let mut previous: Option<(ExpressionSyntax<'a>, Option<Owner>)> = None;
        for access in chain.into_iter().rev() {
            let (syntax, safe) = match access {
                ExpressionSyntax::PropertyAccess(node) => (node.base, node.safe),
                ExpressionSyntax::ArrayAccess(node) => (node.base, node.safe),
                _ => continue,
            };
            let own = self.owner(syntax);
            let mut owner = own;
            let mut is_there = false;
            let previous_safe = previous.is_some_and(|(access, _)| is_safe(access));
            if previous_safe || safe {
                if matches!(found, Type::Null) {
                    return Type::Null;
                }
                let before = previous.and_then(|(access, owner)| {
                    owner.filter(|_| matches!(access, ExpressionSyntax::ArrayAccess(_)))
                });
                if let Some(some) = found.without_null() {
                    (found, null_removed) = (some, true);
                } else if safe && owner.is_some_and(|one| self.may_lack(one)) {
                    (owner, null_removed) = (None, true);
                } else if safe {
                    // The one of a loop is known to be there then, and is not null.
                    is_there = before.is_some_and(|one| self.may_lack(one));
                }
            }
            let before = previous.and_then(|(_, owner)| owner).filter(|one| one.is_collection());
            // After a safe access of the one of a loop, it is known to be there.
            let lookup = match (before, owner) {
                (Some(before), _) if !(safe && (null_removed || is_there)) => Some(before),
                (Some(_), _) => None,
                (None, owner) => owner.filter(|one| !one.is_collection()),
            };
            let lookup = lookup.filter(|one| !self.is_inside(*one, expression.span()));
            found = match access {
                ExpressionSyntax::PropertyAccess(node) => self.property(node, found, lookup),
                ExpressionSyntax::ArrayAccess(node) => self.item(node, found, lookup),
                _ => Type::Any,
            };
            previous = Some((access, own));
        }
        if null_removed { found.or(Type::Null) } else { found }
    }

    /// The resource or module that an expression names, unless `!` says that it is there.
    fn owner(&self, syntax: ExpressionSyntax<'a>) -> Option<Owner> {
        let symbol = match syntax.without_parentheses() {
            ExpressionSyntax::Variable(node) => {
                let id = self.bound.target(node.name)?;
                (!self.bound.is_cyclic(node.name)).then_some(())?;
                self.symbol(id)
            }
            ExpressionSyntax::ResourceAccess(_) => self.infer(syntax),
            _ => return None,
        };
        match symbol {
            Type::Resource(id, all) => Some(Owner::Resource(id, all)),
            Type::Module(id, all) => Some(Owner::Module(id, all)),
            _ => None,
        }
    }

    /// Whether what an expression names may turn out not to exist.
    pub(super) fn may_be_absent(&self, syntax: ExpressionSyntax<'a>) -> bool {
        self.owner(syntax).is_some_and(|owner| self.may_lack(owner))
    }

    fn is_inside(&self, owner: Owner, span: Span) -> bool {
        let declared = match owner {
            Owner::Resource(id, _) => self.bound.resource(id).syntax.span,
            Owner::Module(id, _) => match self.bound.symbol(id).kind {
                SymbolKind::Module(node) => node.span,
                _ => return false,
            },
        };
        declared.contains(span)
    }

    fn may_lack(&self, owner: Owner) -> bool {
        let holds = |body: DeclarationBody<'a>| {
            let condition = body.r#if.map(|node| self.infer(node.condition))?;
            Some(condition)
        };
        match owner {
            Owner::Module(id, _) => match self.bound.symbol(id).kind {
                SymbolKind::Module(node) => holds(node.body())
                    .is_some_and(|condition| !matches!(condition, Type::Bool(Some(true), _))),
                _ => false,
            },
            Owner::Resource(id, _) => {
                let mut next = Some(id);
                while let Some(id) = next {
                    let resource = self.bound.resource(id);
                    match holds(resource.syntax.body()) {
                        Some(Type::Bool(Some(true), _)) | None => {}
                        Some(Type::Bool(..)) => return true,
                        Some(_) => {}
                    }
                    next = resource.nested_in;
                }
                false
            }
        }
    }

    fn property(
        &self,
        node: &PropertyAccessSyntax<'a>,
        base: Type<'a>,
        owner: Option<Owner>,
    ) -> Type<'a> {
        if base.is_error() {
            return Type::Error;
        }
        let access = Span::new(node.base.span().end, node.span.end);
        let mut base = base;
        if let Some(some) = base.without_null() {
            self.maybe_absent(access);
            base = some;
        } else if let Some(owner) = owner {
            let asks = match owner {
                Owner::Resource(..) => !STATIC_PROPERTIES.contains(&node.name.name),
                Owner::Module(..) => node.name.name != "name",
            };
            if asks && self.may_lack(owner) {
                self.maybe_absent(access);
            }
        }
        // That the name is missing has been told.
        if node.name.is_missing() && base.can_be(Kinds::OBJECT) {
            return Type::Error;
        }
        let found = self.member(&base, node.base, node.name.name, node.name.span, node.safe);
        if found.is_secure() {
            self.indirect_secret(node);
        }
        found
    }

    /// A secret output can only be read from the module itself, which the template then names.
    fn indirect_secret(&self, node: &PropertyAccessSyntax<'a>) {
        let ExpressionSyntax::PropertyAccess(outputs) = node.base else { return };
        let mut module = outputs.base.without_parentheses();
        if !matches!(self.infer(module), Type::Module(_, false)) || outputs.name.name != "outputs" {
            return;
        }
        while let Some(base) = match module {
            ExpressionSyntax::ArrayAccess(node) => Some(node.base),
            ExpressionSyntax::NonNullAssertion(node) => Some(node.base),
            ExpressionSyntax::Parenthesized(node) => Some(node.expression),
            _ => None,
        } {
            module = base;
        }
        let target = match module {
            ExpressionSyntax::Variable(node) => self.bound.target(node.name),
            _ => None,
        };
        let kind = target.map(|id| self.bound.symbol(id).kind);
        if !matches!(kind, Some(SymbolKind::Module(_))) {
            let words = (
                "only a direct reference to the module can read it",
                "refer to the module by its symbolic name",
            );
            self.error(
                "BCP426",
                node.span,
                "secure output is not read directly from its module",
                words,
            );
        }
    }

    fn maybe_absent(&self, place: Span) {
        let title = "the value can be null";
        let words = (
            "it has a condition, so it might not be deployed",
            "use `.?`, or `!` if it is always deployed",
        );
        self.warning("BCP318", place, title, words);
    }

    fn item(&self, node: &ArrayAccessSyntax<'a>, base: Type<'a>, owner: Option<Owner>) -> Type<'a> {
        let mut index = self.infer(node.index);
        if base.is_error() || index.is_error() {
            return Type::Error;
        }
        if let Some(some) = index.without_null() {
            self.maybe_null(node.index.span());
            index = some;
        }
        let mut base = base;
        let access = Span::new(node.base.span().end, node.span.end);
        if let Some(some) = base.without_null() {
            self.maybe_absent(access);
            base = some;
        } else if owner.is_some_and(|owner| self.may_lack(owner)) {
            self.maybe_absent(access);
        }
        self.item_of(node, &base, &index)
    }

    fn item_of(&self, node: &ArrayAccessSyntax<'a>, base: &Type<'a>, index: &Type<'a>) -> Type<'a> {
        let span = node.index.span();
        let mistake = |code: &'static str, wanted: &str| {
            let severity = if node.safe { Severity::Warning } else { Severity::Error };
            let title = format!("the index cannot be `{}`", index.name());
            self.report(severity, code, span, title, (wanted, "correct the index"));
            if node.safe { Type::Null } else { Type::Error }
        };
        let is_text = assignable(index, &Type::string());
        let is_number = assignable(index, &Type::int());
        match base {
            Type::Array(array) => match (index, &array.items) {
                (Type::Int(number), Some(items)) if number.literal.is_some() => {
                    let at = number.literal.unwrap_or(0);
                    self.item_at(items, at, node)
                }
                (Type::Int(number), _) if number.literal.is_some_and(|value| value < 0) => {
                    self.negative_index(span)
                }
                _ if is_number => array_item(array),
                _ => mistake("BCP074", "the index of an array must be an `int`"),
            },
            Type::Resource(_, true) | Type::Module(_, true) => {
                self.safe_collection(node);
                if is_number {
                    base.item()
                } else {
                    mistake("BCP074", "the index of an array must be an `int`")
                }
            }
            Type::Object(_)
            | Type::Discriminated(_)
            | Type::Resource(_, false)
            | Type::Module(_, false)
                if node.from_end =>
            {
                mistake("BCP414", "`^` counts the items of an array")
            }
            Type::Object(_) | Type::Resource(_, false) | Type::Module(_, false) => match index {
                Type::String(Text { literal: Some(name), .. }) => {
                    self.member(base, node.base, name, span, node.safe)
                }
                _ if is_text || matches!(index, Type::Any) => self.some_property(base, span),
                _ => mistake("BCP075", "the index of an object must be a `string`"),
            },
            Type::Discriminated(_) if is_text => Type::Any,
            Type::Discriminated(_) => {
                mistake("BCP075", "the index of an object must be a `string`")
            }
            Type::Any if is_text && node.from_end && !matches!(index, Type::Any) => {
                mistake("BCP415", "`^` needs an `int`")
            }
            Type::Any if is_text || is_number => Type::Any,
            Type::Any => mistake("BCP049", "an index must be a `string` or an `int`"),
            Type::Union(members) if members.iter().all(|member| is_indexed(member)) => Type::Any,
            _ => self.no_items(node, base),
        }
    }

    fn no_items(&self, node: &ArrayAccessSyntax<'a>, base: &Type<'a>) -> Type<'a> {
        let title = format!("`{}` cannot be indexed", base.name());
        let words = ("only arrays and objects have items", "use an array or an object");
        self.error("BCP076", node.base.span(), title, words);
        Type::Error
    }

    fn safe_collection(&self, node: &ArrayAccessSyntax<'a>) {
        if node.safe {
            let words = ("`[?` is not valid here", "remove the `?`");
            let place = Span::new(node.base.span().end, node.index.span().start);
            let title = "safe access to a loop of resources or modules";
            self.error("BCP323", place, title, words);
        }
    }

    fn negative_index(&self, span: Span) -> Type<'a> {
        let words = ("array indexes start at 0", "use 0 or more");
        self.error("BCP339", span, "the index is negative", words);
        Type::Error
    }

    /// A property whose name is not known.
    fn some_property(&self, base: &Type<'a>, span: Span) -> Type<'a> {
        match base {
            Type::Object(object) if object.properties.is_empty() && object.additional.is_none() => {
                let words = ("the object has no properties", "use another object before the `[`");
                self.error("BCP054", span, "an empty object is indexed", words);
                Type::Error
            }
            _ => Type::Any,
        }
    }

    fn item_at(&self, items: &[Type<'a>], at: i64, node: &ArrayAccessSyntax<'a>) -> Type<'a> {
        let count = items.len();
        let index = usize::try_from(at).ok();
        let index = if node.from_end {
            index.filter(|at| *at > 0).and_then(|at| count.checked_sub(at))
        } else {
            index.filter(|at| *at < count)
        };
        if let Some(index) = index {
            return items[index].clone();
        }
        let title = format!("index {at} is out of range for length {count}");
        let words = ("the array has no such item", "use an index within the array");
        self.error("BCP311", node.index.span(), title, words);
        Type::Error
    }

    pub(super) fn nested_resource(&self, node: &ResourceAccessSyntax<'a>) -> Type<'a> {
        let base = self.infer(node.base);
        let Type::Resource(id, _) = base else {
            if !matches!(base, Type::Any | Type::Error) {
                let title = format!("`::` cannot follow `{}`", base.name());
                let words =
                    ("only a resource contains nested resources", "use `.` to access properties");
                self.error("BCP158", node.name.span, title, words);
            }
            return Type::Error;
        };
        if node.name.is_missing() {
            return Type::Error;
        }
        if let Some(nested) = self.bound.nested(id, node.name.name) {
            let body = self.bound.resource(nested).syntax.body();
            return Type::Resource(nested, body.r#for.is_some());
        }
        let title = format!("unknown nested resource `{}`", node.name.name);
        let words = ("the resource has no nested resource with this name", "correct the name");
        self.error("BCP159", node.name.span, title, words);
        Type::Error
    }

    fn member(
        &self,
        base: &Type<'a>,
        syntax: ExpressionSyntax<'a>,
        name: &str,
        span: Span,
        safe: bool,
    ) -> Type<'a> {
        match base {
            Type::Object(object) => self.object_member(object, name, span, safe),
            Type::Module(id, false) => match self.module_body(*id) {
                Some(body) => {
                    let found = self.object_member(&body, name, span, safe);
                    let given = match self.bound.symbol(*id).kind {
                        SymbolKind::Module(node) => node.body().object,
                        _ => None,
                    };
                    let given =
                        given.filter(|_| name == "name").and_then(|body| body.property(name));
                    match given {
                        Some(given) => text_of(&self.infer(given.value), &found),
                        None => found,
                    }
                }
                None if ["params", "scope", "dependsOn"].contains(&name) => {
                    let title = format!("`{name}` cannot be read");
                    let words = ("the property is write-only", "read another property");
                    self.error("BCP077", span, title, words);
                    Type::Error
                }
                None => Type::Any,
            },
            // What types of other systems have is not known.
            Type::Resource(id, false)
                if self.has_extensions()
                    && self.body(*id).is_none_or(|body| body.found.is_none()) =>
            {
                Type::Any
            }
            Type::Resource(id, false) => match self.resource_shape(*id) {
                Type::Object(body) => {
                    let found = self.object_member(&body, name, span, safe);
                    match body.property(name) {
                        Some(declared) if !found.is_error() => {
                            self.given_type(*id, declared.name, found, declared.flags)
                        }
                        _ => found,
                    }
                }
                _ => Type::Any,
            },
            Type::Namespace(namespace) => {
                let known: &[&str] = if *namespace == Namespace::Sys { &SYS_TYPES } else { &[] };
                self.unknown_member(base, name, span, known, Severity::Error)
            }
            Type::Any => self.imported_member(syntax, name, span),
            Type::Union(members) => {
                self.property_of_one(members, name, span, safe).unwrap_or(Type::Any)
            }
            Type::Discriminated(_) => Type::Any,
            _ => {
                let title = format!("`{}` has no properties", base.name());
                let words = ("only objects have properties", "use an object before the `.`");
                self.error("BCP055", span, title, words);
                Type::Error
            }
        }
    }

    fn object_member(
        &self,
        object: &ObjectType<'a>,
        name: &str,
        span: Span,
        safe: bool,
    ) -> Type<'a> {
        let warns = safe || object.marks.has(crate::bicep::types::Marks::WARN_PROPERTY);
        let severity = if warns { Severity::Warning } else { Severity::Error };
        let declared = object.property(name).map(|found| (found.kind(), found.flags));
        if let Some((kind, flags)) = declared.or_else(|| object.additional()) {
            if flags.has(Flags::WRITE_ONLY) {
                let title = format!("`{name}` cannot be read");
                let words = ("the property is write-only", "read another property");
                self.report(severity, "BCP077", span, title, words);
                if !warns {
                    return Type::Error;
                }
            }
            if !safe && flags.has(Flags::FALLBACK) {
                self.fallback(name, span);
            }
            return kind;
        }
        let mut known: Vec<&str> = object.readable().map(|known| known.name).collect();
        known.sort_unstable();
        let found = self.unknown_member(
            &Type::Object(std::rc::Rc::default()),
            name,
            span,
            &known,
            severity,
        );
        if warns { Type::Any } else { found }
    }

    /// What a file exports that is imported as a whole.
    fn imported_member(&self, syntax: ExpressionSyntax<'a>, name: &str, span: Span) -> Type<'a> {
        let Some(namespace) = self.imported_namespace(syntax) else { return Type::Any };
        match namespace.exports.get(name) {
            Some(Export::Value(kind)) => kind.clone(),
            Some(Export::Type(_)) => Type::Any,
            Some(Export::Function(..)) | None => {
                let values = namespace.exports.iter();
                let values = values.filter(|(_, export)| !matches!(export, Export::Function(..)));
                let mut known: Vec<&str> = values.map(|(known, _)| *known).collect();
                known.sort_unstable();
                let base = Type::Object(std::rc::Rc::default());
                self.unknown_member(&base, name, span, &known, Severity::Error)
            }
        }
    }

    /// The file that a name stands for which imports all of it.
    pub(super) fn imported_namespace(
        &self,
        syntax: ExpressionSyntax<'a>,
    ) -> Option<&Interface<'a>> {
        let ExpressionSyntax::Variable(node) = syntax else { return None };
        let kind = self.bound.target(node.name).map(|id| self.bound.symbol(id).kind);
        let Some(SymbolKind::Wildcard(import)) = kind else { return None };
        self.modules.interface(import.path)
    }

    pub(super) fn unknown_member(
        &self,
        base: &Type<'a>,
        name: &str,
        span: Span,
        known: &[&str],
        severity: Severity,
    ) -> Type<'a> {
        let title = format!("`{}` has no property `{name}`", base.name());
        let near = suggestion(name, known.iter().copied());
        let (code, help) = match near {
            Some(near) => ("BCP083", format!("did you mean `{near}`?")),
            None if known.is_empty() => ("BCP052", "correct the name".to_owned()),
            None => ("BCP053", format!("use one of {}", quoted(known))),
        };
        let label = "unknown property";
        self.report(severity, code, span, title, (label, &help));
        Type::Error
    }
}

fn is_safe(access: ExpressionSyntax<'_>) -> bool {
    match access {
        ExpressionSyntax::PropertyAccess(node) => node.safe,
        ExpressionSyntax::ArrayAccess(node) => node.safe,
        _ => false,
    }
}

/// The text that a name is given, within what the declaration allows.
fn text_of<'a>(given: &Type<'a>, declared: &Type<'a>) -> Type<'a> {
    match (given, declared) {
        (Type::String(given), Type::String(declared)) => within(given, declared),
        _ => Type::string(),
    }
}

fn array_item<'a>(array: &ArrayType<'a>) -> Type<'a> {
    array.item()
}

fn is_indexed(kind: &Type<'_>) -> bool {
    matches!(kind, Type::Array(_) | Type::Object(_) | Type::Discriminated(_) | Type::Resource(..))
}

fn quoted(names: &[&str]) -> String {
    let mut names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.sort();
    names.truncate(12);
    names.join(", ")
}
