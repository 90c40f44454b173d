use super::{
    BooleanSyntax, DecoratorSyntax, ExpressionSyntax, IdentifierSyntax, IntegerSyntax, NullSyntax,
    ObjectKeySyntax, SkippedSyntax, StringSyntax, UnaryOperator,
};
use crate::diagnostic::Span;

/// A type expression.
#[derive(Debug, Clone, Copy)]
pub enum TypeSyntax<'a> {
    /// `string`, `alias`
    Variable(&'a TypeVariableAccessSyntax<'a>),
    /// `alias.property`
    PropertyAccess(&'a TypePropertyAccessSyntax<'a>),
    /// `alias.*`
    AdditionalPropertiesAccess(&'a TypeAdditionalPropertiesAccessSyntax<'a>),
    /// `alias[0]`
    ArrayAccess(&'a TypeArrayAccessSyntax<'a>),
    /// `alias[*]`
    ItemsAccess(&'a TypeItemsAccessSyntax<'a>),
    /// `resourceInput<'T@v'>`
    Instantiation(&'a TypeInstantiationSyntax<'a>),
    /// `T[]`
    Array(&'a ArrayTypeSyntax<'a>),
    /// `T?`
    Nullable(&'a NullableTypeSyntax<'a>),
    /// `T!`
    NonNull(&'a NonNullTypeSyntax<'a>),
    /// `A | B`
    Union(&'a UnionTypeSyntax<'a>),
    /// `{ a: T }`
    Object(&'a ObjectTypeSyntax<'a>),
    /// `[T1, T2]`
    Tuple(&'a TupleTypeSyntax<'a>),
    /// `'text'`
    String(&'a StringSyntax<'a>),
    /// `42`
    Integer(&'a IntegerSyntax),
    /// `true`
    Boolean(&'a BooleanSyntax),
    /// `null`
    Null(&'a NullSyntax),
    /// `-42`, `!true`
    Unary(&'a UnaryTypeSyntax<'a>),
    /// `(T)`
    Parenthesized(&'a ParenthesizedTypeSyntax<'a>),
    /// `resource 'T@v'`
    Resource(&'a ResourceTypeSyntax<'a>),
    /// Text that is no type
    Skipped(&'a SkippedSyntax),
}

impl TypeSyntax<'_> {
    /// The whole type.
    pub fn span(self) -> Span {
        match self {
            Self::Variable(node) => node.name.span,
            Self::PropertyAccess(node) => node.span,
            Self::AdditionalPropertiesAccess(node) => node.span,
            Self::ArrayAccess(node) => node.span,
            Self::ItemsAccess(node) => node.span,
            Self::Instantiation(node) => node.span,
            Self::Array(node) => node.span,
            Self::Nullable(node) => node.span,
            Self::NonNull(node) => node.span,
            Self::Union(node) => node.span,
            Self::Object(node) => node.span,
            Self::Tuple(node) => node.span,
            Self::String(node) => node.span,
            Self::Integer(node) => node.span,
            Self::Boolean(node) => node.span,
            Self::Null(node) => node.span,
            Self::Unary(node) => node.span,
            Self::Parenthesized(node) => node.span,
            Self::Resource(node) => node.span,
            Self::Skipped(node) => node.span,
        }
    }

    /// The type without the parentheses around it.
    #[must_use]
    pub fn without_parentheses(self) -> Self {
        let mut node = self;
        while let Self::Parenthesized(inner) = node {
            node = inner.r#type;
        }
        node
    }
}

/// `string`, `alias`, and the namespace of `sys.string`.
#[derive(Debug, Clone, Copy)]
pub struct TypeVariableAccessSyntax<'a> {
    /// The name.
    pub name: IdentifierSyntax<'a>,
}

/// `alias.property`, `sys.string`, `namespace.alias`
#[derive(Debug, Clone, Copy)]
pub struct TypePropertyAccessSyntax<'a> {
    /// What has the property.
    pub base: TypeSyntax<'a>,
    /// The property.
    pub name: IdentifierSyntax<'a>,
    /// The whole.
    pub span: Span,
}

/// `alias.*`
#[derive(Debug, Clone, Copy)]
pub struct TypeAdditionalPropertiesAccessSyntax<'a> {
    /// What has additional properties.
    pub base: TypeSyntax<'a>,
    /// The whole.
    pub span: Span,
}

/// `alias[0]`
#[derive(Debug, Clone, Copy)]
pub struct TypeArrayAccessSyntax<'a> {
    /// The tuple.
    pub base: TypeSyntax<'a>,
    /// Which item; an integer unless it has been reported.
    pub index: ExpressionSyntax<'a>,
    /// The whole.
    pub span: Span,
}

/// `alias[*]`
#[derive(Debug, Clone, Copy)]
pub struct TypeItemsAccessSyntax<'a> {
    /// The array.
    pub base: TypeSyntax<'a>,
    /// The whole.
    pub span: Span,
}

/// `resourceInput<'T@v'>`, `sys.resourceInput<'T@v'>`
#[derive(Debug, Clone, Copy)]
pub struct TypeInstantiationSyntax<'a> {
    /// The namespace in front of the name.
    pub base: Option<TypeSyntax<'a>>,
    /// The name.
    pub name: IdentifierSyntax<'a>,
    /// The arguments.
    pub arguments: &'a [TypeSyntax<'a>],
    /// The whole.
    pub span: Span,
}

/// `T[]`
#[derive(Debug, Clone, Copy)]
pub struct ArrayTypeSyntax<'a> {
    /// The type of the items.
    pub item: TypeSyntax<'a>,
    /// The whole.
    pub span: Span,
}

/// `T?`
#[derive(Debug, Clone, Copy)]
pub struct NullableTypeSyntax<'a> {
    /// The type that may be null.
    pub base: TypeSyntax<'a>,
    /// The whole.
    pub span: Span,
}

/// `T!`
#[derive(Debug, Clone, Copy)]
pub struct NonNullTypeSyntax<'a> {
    /// The type that may not be null.
    pub base: TypeSyntax<'a>,
    /// The whole.
    pub span: Span,
}

/// `A | B`
#[derive(Debug, Clone, Copy)]
pub struct UnionTypeSyntax<'a> {
    /// The members, in order.
    pub members: &'a [TypeSyntax<'a>],
    /// The whole.
    pub span: Span,
}

/// `{ a: T, *: U }`
#[derive(Debug, Clone, Copy)]
pub struct ObjectTypeSyntax<'a> {
    /// The items, in order.
    pub items: &'a [ObjectTypeItemSyntax<'a>],
    /// With the braces.
    pub span: Span,
}

impl<'a> ObjectTypeSyntax<'a> {
    /// The named properties, in order.
    pub fn properties(&self) -> impl Iterator<Item = &'a ObjectTypePropertySyntax<'a>> + use<'a> {
        self.items.iter().filter_map(|item| match item {
            ObjectTypeItemSyntax::Property(node) => Some(*node),
            _ => None,
        })
    }

    /// The `*: T`, if it has one.
    pub fn additional_properties(&self) -> Option<&'a ObjectTypeAdditionalPropertiesSyntax<'a>> {
        self.items.iter().find_map(|item| match item {
            ObjectTypeItemSyntax::AdditionalProperties(node) => Some(*node),
            _ => None,
        })
    }
}

/// An item of an object type.
#[derive(Debug, Clone, Copy)]
pub enum ObjectTypeItemSyntax<'a> {
    /// `a: T`
    Property(&'a ObjectTypePropertySyntax<'a>),
    /// `*: T`
    AdditionalProperties(&'a ObjectTypeAdditionalPropertiesSyntax<'a>),
    /// Text that is no item
    Skipped(&'a SkippedSyntax),
}

/// `key: T`
#[derive(Debug, Clone, Copy)]
pub struct ObjectTypePropertySyntax<'a> {
    /// Decorators in front of it.
    pub decorators: &'a [DecoratorSyntax<'a>],
    /// Its key.
    pub key: ObjectKeySyntax<'a>,
    /// Its type.
    pub value: TypeSyntax<'a>,
    /// The whole.
    pub span: Span,
}

impl<'a> ObjectTypePropertySyntax<'a> {
    /// The key, if it is known without evaluating anything.
    pub fn name(&self) -> Option<&'a str> {
        self.key.name()
    }
}

/// `*: T`
#[derive(Debug, Clone, Copy)]
pub struct ObjectTypeAdditionalPropertiesSyntax<'a> {
    /// Decorators in front of it.
    pub decorators: &'a [DecoratorSyntax<'a>],
    /// The type of the properties.
    pub value: TypeSyntax<'a>,
    /// The whole.
    pub span: Span,
}

/// `[T1, T2]`
#[derive(Debug, Clone, Copy)]
pub struct TupleTypeSyntax<'a> {
    /// The items, in order.
    pub items: &'a [TupleTypeItemSyntax<'a>],
    /// With the brackets.
    pub span: Span,
}

/// An item of a tuple.
#[derive(Debug, Clone, Copy)]
pub struct TupleTypeItemSyntax<'a> {
    /// Decorators in front of it.
    pub decorators: &'a [DecoratorSyntax<'a>],
    /// Its type.
    pub value: TypeSyntax<'a>,
    /// The whole.
    pub span: Span,
}

/// `-42`, `!true`
#[derive(Debug, Clone, Copy)]
pub struct UnaryTypeSyntax<'a> {
    /// The operator.
    pub operator: UnaryOperator,
    /// The literal that it works on.
    pub operand: TypeSyntax<'a>,
    /// The whole.
    pub span: Span,
}

/// `(T)`
#[derive(Debug, Clone, Copy)]
pub struct ParenthesizedTypeSyntax<'a> {
    /// What is inside.
    pub r#type: TypeSyntax<'a>,
    /// With the parentheses.
    pub span: Span,
}

/// `resource 'T@v'`, in a parameter or output that takes a whole resource.
#[derive(Debug, Clone, Copy)]
pub struct ResourceTypeSyntax<'a> {
    /// The word `resource`.
    pub keyword: Span,
    /// The type with its API version, if there is one: a string, or what was skipped.
    pub r#type: Option<ExpressionSyntax<'a>>,
    /// The whole.
    pub span: Span,
}
