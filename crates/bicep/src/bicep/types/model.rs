use std::rc::Rc;

use smallvec::SmallVec;

use super::azure;
use super::flags::{Flags, Marks};
use crate::azure_types::TypeId;
use crate::bicep::binder::{ResourceId, SymbolId};
use crate::bicep::functions::{Kinds, Namespace};

/// How deep types are known: below, a value may be anything.
const MAX_DEPTH: u8 = 48;
/// How many types a value may have one of: beyond, it may be anything.
const MAX_MEMBERS: usize = 1024;

/// What is known about the value of an expression.
#[derive(Debug, Clone)]
pub enum Type<'a> {
    /// Nothing is known.
    Any,
    /// Nothing is known because an error has been reported.
    Error,
    /// Null.
    Null,
    /// True or false, or one of them.
    Bool(Option<bool>, Marks),
    /// A whole number.
    Int(Integer),
    /// A text.
    String(Text<'a>),
    /// An array.
    Array(Rc<ArrayType<'a>>),
    /// An object.
    Object(Rc<ObjectType<'a>>),
    /// One of several objects, which one property tells apart.
    Discriminated(Rc<DiscriminatedType<'a>>),
    /// One of several, none of them a union.
    Union(Rc<[Type<'a>]>),
    /// A resource, or all of a loop.
    Resource(ResourceId, bool),
    /// A module, or all of a loop.
    Module(SymbolId, bool),
    /// `sys` or `az`.
    Namespace(Namespace),
    /// A function without a name.
    Lambda,
    /// What takes a scope: a resource, a module, or what a scope function gives.
    Scope,
    /// What takes anything that can be waited for.
    Dependency,
    /// A type of Azure's tables that nobody has looked into.
    Azure(TypeId, Marks),
}

/// Whole numbers of a range, or one that is written out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Integer {
    /// The number, if it is known.
    pub literal: Option<i64>,
    /// The least.
    pub minimum: Option<i64>,
    /// The greatest.
    pub maximum: Option<i64>,
    /// How it is held to.
    pub marks: Marks,
}

impl Integer {
    /// Numbers of a range, which may be one number.
    pub fn between(minimum: Option<i64>, maximum: Option<i64>) -> Self {
        match (minimum, maximum) {
            (Some(least), Some(greatest)) if least == greatest => {
                Self { literal: Some(least), ..Self::default() }
            }
            _ => Self { minimum, maximum, ..Self::default() },
        }
    }

    /// The least and the greatest.
    pub fn bounds(&self) -> (Option<i64>, Option<i64>) {
        (self.literal.or(self.minimum), self.literal.or(self.maximum))
    }
}

/// Texts of a range of lengths, or one that is written out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Text<'a> {
    /// The text, if it is known.
    pub literal: Option<&'a str>,
    /// The least length.
    pub minimum: Option<i64>,
    /// The greatest length.
    pub maximum: Option<i64>,
    /// What it must match.
    pub pattern: Option<&'a str>,
    /// How it is held to.
    pub marks: Marks,
}

/// An array.
#[derive(Debug, Clone)]
pub struct ArrayType<'a> {
    /// What each item is.
    item: Type<'a>,
    /// The items, if each is known.
    pub items: Option<Rc<[Type<'a>]>>,
    /// The fewest items.
    pub minimum: Option<i64>,
    /// The most items.
    pub maximum: Option<i64>,
    /// How it is held to.
    pub marks: Marks,
    depth: u8,
}

impl<'a> ArrayType<'a> {
    /// What each item is.
    pub fn item(&self) -> Type<'a> {
        self.item.clone().resolved()
    }
}

/// A property of an object.
#[derive(Debug, Clone)]
pub struct Property<'a> {
    /// Its name.
    pub name: &'a str,
    kind: Type<'a>,
    /// What is special about it.
    pub flags: Flags,
}

impl<'a> Property<'a> {
    /// A property.
    pub fn new(name: &'a str, kind: Type<'a>, flags: Flags) -> Self {
        Self { name, kind, flags }
    }

    /// What it is.
    pub fn kind(&self) -> Type<'a> {
        self.kind.clone().resolved()
    }

    /// The property with other flags.
    #[must_use]
    pub fn flagged(self, flags: Flags) -> Self {
        Self { flags, ..self }
    }
}

/// An object.
#[derive(Debug, Clone, Default)]
pub struct ObjectType<'a> {
    /// Its properties.
    pub properties: Vec<Property<'a>>,
    /// What properties of other names are, if there may be any.
    pub additional: Option<(Type<'a>, Flags)>,
    /// How it is held to.
    pub marks: Marks,
    /// Whether something can be deployed to it.
    pub is_scope: bool,
    /// How deep it is; [`ObjectType::measured`] finds it.
    pub depth: u8,
}

impl<'a> ObjectType<'a> {
    /// The properties that can be read.
    pub fn readable(&self) -> impl Iterator<Item = &Property<'a>> {
        self.properties.iter().filter(|property| !property.flags.has(Flags::WRITE_ONLY))
    }

    /// The property of a name.
    pub fn property(&self, name: &str) -> Option<&Property<'a>> {
        self.properties.iter().find(|known| known.name == name)
    }

    /// The property of a name, or one that only its case tells apart.
    pub fn property_in_any_case(&self, name: &str) -> Option<&Property<'a>> {
        self.property(name)
            .or_else(|| self.properties.iter().find(|known| known.name.eq_ignore_ascii_case(name)))
    }

    /// What properties of other names are.
    pub fn additional(&self) -> Option<(Type<'a>, Flags)> {
        self.additional.as_ref().map(|(kind, flags)| (kind.clone().resolved(), *flags))
    }
}

/// One of several objects.
#[derive(Debug, Clone)]
pub struct DiscriminatedType<'a> {
    /// The property that tells them apart.
    pub key: &'a str,
    /// Its values with the objects.
    pub members: Vec<(&'a str, Rc<ObjectType<'a>>)>,
    /// How it is held to.
    pub marks: Marks,
    /// Whether Bicep gives the property its meaning.
    pub is_system: bool,
}

impl<'a> DiscriminatedType<'a> {
    /// The object for a value of the property.
    pub fn member(&self, value: &str) -> Option<&Rc<ObjectType<'a>>> {
        self.members.iter().find(|(known, _)| *known == value).map(|(_, object)| object)
    }

    /// The type of the property.
    pub fn keys(&self) -> Type<'a> {
        let keys = self.members.iter().map(|(value, _)| Type::literal(value));
        Type::Union(keys.collect())
    }
}

impl<'a> Type<'a> {
    /// Any text.
    pub fn string() -> Self {
        Self::String(Text::default())
    }

    /// One text.
    pub fn literal(text: &'a str) -> Self {
        Self::String(Text { literal: Some(text), ..Text::default() })
    }

    /// Any whole number.
    pub fn int() -> Self {
        Self::Int(Integer::default())
    }

    /// One whole number.
    pub fn number(value: i64) -> Self {
        Self::Int(Integer { literal: Some(value), ..Integer::default() })
    }

    /// True or false.
    pub fn bool() -> Self {
        Self::Bool(None, Marks::NONE)
    }

    /// What no value is of: an item of an empty array.
    pub fn never() -> Self {
        Self::Union(Rc::from([]))
    }

    /// An object of which nothing more is known.
    pub fn object() -> Self {
        let additional = Some((Self::Any, Flags::NONE));
        Self::Object(Rc::new(ObjectType { additional, ..ObjectType::default() }))
    }

    /// An array of which nothing more is known.
    pub fn array() -> Self {
        Self::array_of(Self::Any)
    }

    /// An array of like items.
    pub fn array_of(item: Self) -> Self {
        Self::array_between(item, None, None, Marks::NONE)
    }

    /// An array of like items with bounds of their count.
    pub fn array_between(
        item: Self,
        minimum: Option<i64>,
        maximum: Option<i64>,
        marks: Marks,
    ) -> Self {
        let depth = item.depth();
        let (item, depth) = if depth < MAX_DEPTH { (item, depth + 1) } else { (Self::Any, 1) };
        Self::Array(Rc::new(ArrayType { item, items: None, minimum, maximum, marks, depth }))
    }

    /// An array of known items.
    pub fn tuple(items: Vec<Self>) -> Self {
        let depth = items.iter().map(Self::depth).max().unwrap_or(0);
        if depth >= MAX_DEPTH {
            return Self::array();
        }
        let count = i64::try_from(items.len()).ok();
        let item = match items.as_slice() {
            [] => Self::never(),
            [item] => item.clone(),
            items => Self::any_of(items.iter().cloned()),
        };
        Self::Array(Rc::new(ArrayType {
            item,
            items: Some(items.into()),
            minimum: count,
            maximum: count,
            marks: Marks::NONE,
            depth: depth + 1,
        }))
    }

    /// An object.
    pub fn shaped(object: ObjectType<'a>) -> Self {
        Self::Object(Rc::new(object.measured()))
    }

    /// One of several types.
    pub fn any_of(types: impl IntoIterator<Item = Self>) -> Self {
        // Most are of one type, or of a type and null.
        let mut members: SmallVec<[Self; 2]> = SmallVec::new();
        for next in types {
            match next.resolved() {
                Self::Any => return Self::Any,
                // No two of its members are the same.
                Self::Union(inner) if members.is_empty() => members.extend(inner.iter().cloned()),
                Self::Union(inner) => {
                    for member in inner.iter() {
                        add(&mut members, member.clone());
                    }
                }
                other => add(&mut members, other),
            }
            if members.len() > MAX_MEMBERS {
                return Self::Any;
            }
        }
        match members.len() {
            0 => Self::Any,
            1 => members.remove(0),
            _ => Self::Union(members.into_iter().collect()),
        }
    }

    /// The type of either value.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self::any_of([self, other])
    }

    /// The type with what Azure's tables say of it.
    #[must_use]
    pub fn resolved(self) -> Self {
        match self {
            Self::Azure(id, marks) => azure::resolved(id, marks),
            other => other,
        }
    }

    /// The type without null; nothing if it is never null.
    pub fn without_null(&self) -> Option<Self> {
        let Self::Union(members) = self else { return None };
        let is_null = |member: &&Self| matches!(member, Self::Null);
        members.iter().find(is_null)?;
        Some(Self::any_of(members.iter().filter(|member| !is_null(member)).cloned()))
    }

    /// Whether null is one of the values.
    pub fn allows_null(&self) -> bool {
        matches!(self, Self::Union(members) if members.iter().any(|one| matches!(one, Self::Null)))
    }

    /// Several texts, numbers or truth values as the one type that they are part of.
    #[must_use]
    pub fn collapsed(self) -> Self {
        let Self::Union(members) = &self else { return self };
        let wide = members.iter().find(|member| match member {
            Self::String(text) => text.literal.is_none(),
            Self::Int(number) => number.literal.is_none(),
            Self::Bool(literal, _) => literal.is_none(),
            _ => false,
        });
        let alike = |wide: &Self| {
            members
                .iter()
                .all(|member| std::mem::discriminant(member) == std::mem::discriminant(wide))
        };
        match wide {
            Some(wide) if alike(wide) => wide.clone(),
            _ => self,
        }
    }

    pub(super) fn depth(&self) -> u8 {
        match self {
            Self::Array(array) => array.depth,
            Self::Object(object) => object.depth,
            Self::Union(members) => members.iter().map(Self::depth).max().unwrap_or(0),
            _ => 0,
        }
    }

    /// Whether an error has been reported for it.
    pub fn is_error(&self) -> bool {
        matches!(self, Self::Error)
    }

    /// Whether a value of another type is only warned of.
    pub fn warns(&self) -> bool {
        match self {
            Self::Union(members) => members.iter().any(Self::warns),
            other => other.marks().has(Marks::WARN),
        }
    }

    /// Whether a property that it does not have is only warned of.
    pub fn warns_of_properties(&self) -> bool {
        match self {
            Self::Union(members) => members.iter().any(Self::warns_of_properties),
            other => other.marks().has(Marks::WARN_PROPERTY),
        }
    }

    /// Whether it is a secret.
    pub fn is_secure(&self) -> bool {
        match self {
            Self::Union(members) => members.iter().any(Self::is_secure),
            other => other.marks().has(Marks::SECURE),
        }
    }

    /// How it is held to.
    pub fn marks(&self) -> Marks {
        match self {
            Self::Bool(_, marks) | Self::Azure(_, marks) => *marks,
            Self::Int(number) => number.marks,
            Self::String(text) => text.marks,
            Self::Array(array) => array.marks,
            Self::Object(object) => object.marks,
            Self::Discriminated(several) => several.marks,
            _ => Marks::NONE,
        }
    }

    /// The type, held to in this way too.
    #[must_use]
    pub fn marked(self, more: Marks) -> Self {
        match self {
            Self::Bool(literal, marks) => Self::Bool(literal, marks.and(more)),
            Self::Int(number) => Self::Int(Integer { marks: number.marks.and(more), ..number }),
            Self::String(text) => Self::String(Text { marks: text.marks.and(more), ..text }),
            Self::Object(object) => {
                let marks = object.marks.and(more);
                Self::Object(Rc::new(ObjectType { marks, ..(*object).clone() }))
            }
            Self::Union(members) => {
                Self::Union(members.iter().map(|member| member.clone().marked(more)).collect())
            }
            other => other,
        }
    }

    /// The kinds that the value may have, as arguments and operands see it.
    pub fn kinds(&self) -> Kinds {
        match self {
            Self::Any | Self::Error | Self::Azure(..) | Self::Scope | Self::Dependency => {
                Kinds::ANY
            }
            Self::Null => Kinds::NULL,
            Self::Bool(..) => Kinds::BOOL,
            Self::Int(_) => Kinds::INT,
            Self::String(_) => Kinds::STRING,
            Self::Array(_) | Self::Resource(_, true) | Self::Module(_, true) => Kinds::ARRAY,
            Self::Object(_) | Self::Discriminated(_) => Kinds::OBJECT,
            Self::Resource(..) | Self::Module(..) => Kinds::OBJECT,
            // A namespace fits nowhere; nothing but an empty set could say so.
            Self::Lambda | Self::Namespace(_) => Kinds::LAMBDA,
            Self::Union(members) => members
                .iter()
                .map(Self::kinds)
                .reduce(|left, right| left | right)
                .unwrap_or(Kinds::ANY),
        }
    }

    /// Whether the value can be of one of these kinds.
    pub fn can_be(&self, kinds: Kinds) -> bool {
        self.kinds().meets(kinds)
    }

    /// Whether it is an object with a property whose type is not valid.
    pub fn has_broken_property(&self) -> bool {
        match self {
            Self::Object(object) => object.properties.iter().any(|one| one.kind.is_error()),
            Self::Union(members) => members.iter().any(Self::has_broken_property),
            _ => false,
        }
    }

    /// Whether the value is always of one of these kinds.
    pub fn is_always(&self, kinds: Kinds) -> bool {
        match self {
            Self::Any | Self::Error => true,
            Self::Union(members) => members.iter().all(|member| member.is_always(kinds)),
            other => other.can_be(kinds),
        }
    }

    /// One of several kinds of values.
    pub fn of_any_kind(kinds: Kinds) -> Self {
        let all = [
            (Kinds::NULL, Self::Null),
            (Kinds::STRING, Self::string()),
            (Kinds::INT, Self::int()),
            (Kinds::BOOL, Self::bool()),
            (Kinds::OBJECT, Self::object()),
            (Kinds::ARRAY, Self::array()),
        ];
        let meant = all.into_iter().filter(|(kind, _)| kinds.meets(*kind)).map(|(_, kind)| kind);
        Self::any_of(meant)
    }

    /// What is known of a value of these kinds.
    pub fn of_kinds(kinds: Kinds) -> Self {
        if kinds == Kinds::STRING {
            Self::string()
        } else if kinds == Kinds::INT {
            Self::int()
        } else if kinds == Kinds::BOOL {
            Self::bool()
        } else if kinds == Kinds::OBJECT {
            Self::object()
        } else if kinds == Kinds::ARRAY {
            Self::array()
        } else {
            Self::Any
        }
    }

    /// The items of an array.
    #[must_use]
    pub fn item(&self) -> Self {
        match self {
            Self::Array(array) => array.item(),
            Self::Resource(id, true) => Self::Resource(*id, false),
            Self::Module(id, true) => Self::Module(*id, false),
            Self::Error => Self::Error,
            _ => Self::Any,
        }
    }

    /// How a message calls it.
    pub fn name(&self) -> String {
        match self {
            Self::Any | Self::Error | Self::Azure(..) => "any".to_owned(),
            Self::Null => "null".to_owned(),
            Self::Bool(Some(value), _) => value.to_string(),
            Self::Bool(None, _) => "bool".to_owned(),
            Self::Int(number) => number.literal.map_or("int".to_owned(), |value| value.to_string()),
            Self::String(text) => match text.literal {
                Some(text) if text.len() <= 40 => format!("'{text}'"),
                _ => "string".to_owned(),
            },
            Self::Array(_) => "array".to_owned(),
            Self::Object(_) | Self::Discriminated(_) => "object".to_owned(),
            Self::Resource(_, false) => "resource".to_owned(),
            Self::Resource(_, true) => "resource[]".to_owned(),
            Self::Module(_, false) => "module".to_owned(),
            Self::Module(_, true) => "module[]".to_owned(),
            Self::Namespace(namespace) => namespace.name().to_owned(),
            Self::Lambda => "lambda".to_owned(),
            Self::Scope => "scope".to_owned(),
            Self::Dependency => "resource or module".to_owned(),
            Self::Union(members) if members.is_empty() => "never".to_owned(),
            Self::Union(members) => {
                let names: Vec<String> = members.iter().take(6).map(Self::name).collect();
                let more = if members.len() > 6 { " | ..." } else { "" };
                format!("{}{more}", names.join(" | "))
            }
        }
    }

    /// Whether two types are the same as far as a quick look tells.
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null)
            | (Self::Error, Self::Error)
            | (Self::Lambda, Self::Lambda) => true,
            (Self::Bool(left, _), Self::Bool(right, _)) => left == right,
            (Self::Int(left), Self::Int(right)) => left == right,
            (Self::String(left), Self::String(right)) => match (left.literal, right.literal) {
                (Some(left), Some(right)) => left == right,
                _ => left == right,
            },
            (Self::Array(left), Self::Array(right)) => Rc::ptr_eq(left, right),
            (Self::Object(left), Self::Object(right)) => {
                Rc::ptr_eq(left, right)
                    || left.properties.is_empty()
                        && right.properties.is_empty()
                        && left.marks == right.marks
                        && matches!(
                            (&left.additional, &right.additional),
                            (Some((Self::Any, _)), Some((Self::Any, _))) | (None, None)
                        )
            }
            (Self::Discriminated(left), Self::Discriminated(right)) => Rc::ptr_eq(left, right),
            (Self::Resource(left, all), Self::Resource(right, both)) => {
                left == right && all == both
            }
            (Self::Module(left, all), Self::Module(right, both)) => left == right && all == both,
            _ => false,
        }
    }
}

impl ObjectType<'_> {
    /// The object with its depth; what is too deep is not known.
    #[must_use]
    pub fn measured(mut self) -> Self {
        let parts = self.properties.iter().map(|property| property.kind.depth());
        let depth = parts.chain(self.additional.iter().map(|more| more.0.depth())).max();
        match depth.unwrap_or(0) {
            depth if depth < MAX_DEPTH => self.depth = depth + 1,
            _ => {
                self.properties.clear();
                self.additional = Some((Type::Any, Flags::NONE));
                self.depth = 1;
            }
        }
        self
    }
}

fn add<'a>(members: &mut SmallVec<[Type<'a>; 2]>, next: Type<'a>) {
    if !members.iter().any(|known| known.is_same(&next)) {
        members.push(next);
    }
}
