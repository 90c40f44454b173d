use super::{IdentifierSyntax, MissingDeclarationSyntax, ResourceDeclarationSyntax, SkippedSyntax};
use crate::diagnostic::Span;

/// An expression, or what may stand where one is expected.
#[derive(Debug, Clone, Copy)]
pub enum ExpressionSyntax<'a> {
    /// `'text ${hole}'`
    String(&'a StringSyntax<'a>),
    /// `42`
    Integer(&'a IntegerSyntax),
    /// `true`, `false`
    Boolean(&'a BooleanSyntax),
    /// `null`
    Null(&'a NullSyntax),
    /// `none`, after `using` only
    None(&'a NoneSyntax),
    /// `[a, b]`
    Array(&'a ArraySyntax<'a>),
    /// `{ a: b }`
    Object(&'a ObjectSyntax<'a>),
    /// `name`
    Variable(&'a VariableAccessSyntax<'a>),
    /// `name(a, b)`
    FunctionCall(&'a FunctionCallSyntax<'a>),
    /// `base.name(a, b)`
    InstanceFunctionCall(&'a InstanceFunctionCallSyntax<'a>),
    /// `base.name`, `base.?name`
    PropertyAccess(&'a PropertyAccessSyntax<'a>),
    /// `base[i]`, `base[?i]`, `base[^i]`, `base[?^i]`
    ArrayAccess(&'a ArrayAccessSyntax<'a>),
    /// `base::name`
    ResourceAccess(&'a ResourceAccessSyntax<'a>),
    /// `base!`
    NonNullAssertion(&'a NonNullAssertionSyntax<'a>),
    /// `-a`, `!a`
    Unary(&'a UnaryOperationSyntax<'a>),
    /// `a + b`
    Binary(&'a BinaryOperationSyntax<'a>),
    /// `a ? b : c`
    Ternary(&'a TernaryOperationSyntax<'a>),
    /// `(a)`
    Parenthesized(&'a ParenthesizedSyntax<'a>),
    /// `(x, y) => e`
    Lambda(&'a LambdaSyntax<'a>),
    /// `[for x in xs: body]`
    For(&'a ForSyntax<'a>),
    /// `if (c) { }`
    If(&'a IfConditionSyntax<'a>),
    /// Text that is no expression
    Skipped(&'a SkippedSyntax),
}

impl<'a> ExpressionSyntax<'a> {
    /// The whole expression.
    pub fn span(self) -> Span {
        match self {
            Self::String(node) => node.span,
            Self::Integer(node) => node.span,
            Self::Boolean(node) => node.span,
            Self::Null(node) => node.span,
            Self::None(node) => node.span,
            Self::Array(node) => node.span,
            Self::Object(node) => node.span,
            Self::Variable(node) => node.name.span,
            Self::FunctionCall(node) => node.span,
            Self::InstanceFunctionCall(node) => node.span,
            Self::PropertyAccess(node) => node.span,
            Self::ArrayAccess(node) => node.span,
            Self::ResourceAccess(node) => node.span,
            Self::NonNullAssertion(node) => node.span,
            Self::Unary(node) => node.span,
            Self::Binary(node) => node.span,
            Self::Ternary(node) => node.span,
            Self::Parenthesized(node) => node.span,
            Self::Lambda(node) => node.span,
            Self::For(node) => node.span,
            Self::If(node) => node.span,
            Self::Skipped(node) => node.span,
        }
    }

    /// The expression without the parentheses around it.
    #[must_use]
    pub fn without_parentheses(self) -> Self {
        let mut node = self;
        while let Self::Parenthesized(inner) = node {
            node = inner.expression;
        }
        node
    }

    /// The text of a string without holes.
    pub fn literal(self) -> Option<&'a str> {
        match self {
            Self::String(node) => node.literal(),
            _ => None,
        }
    }
}

/// `'text ${hole} text'`, `'''text'''` or `$'''text ${hole}'''`
#[derive(Debug, Clone, Copy)]
pub struct StringSyntax<'a> {
    /// The texts around the holes with their escapes resolved: always one more than holes.
    pub segments: &'a [&'a str],
    /// The expressions in the holes.
    pub holes: &'a [ExpressionSyntax<'a>],
    /// Whether it is written with three quotes.
    pub multi_line: bool,
    /// With the quotes.
    pub span: Span,
}

impl<'a> StringSyntax<'a> {
    /// The text, if it has no holes.
    pub fn literal(&self) -> Option<&'a str> {
        match self.segments {
            [text] => Some(text),
            _ => None,
        }
    }
}

/// `42`
#[derive(Debug, Clone, Copy)]
pub struct IntegerSyntax {
    /// Its value. Up to `2^63 - 1`, or `2^63` directly under a minus.
    pub value: u64,
    /// The digits.
    pub span: Span,
}

/// `true`, `false`
#[derive(Debug, Clone, Copy)]
pub struct BooleanSyntax {
    /// Which.
    pub value: bool,
    /// The word.
    pub span: Span,
}

/// `null`
#[derive(Debug, Clone, Copy)]
pub struct NullSyntax {
    /// The word.
    pub span: Span,
}

/// `none`
#[derive(Debug, Clone, Copy)]
pub struct NoneSyntax {
    /// The word.
    pub span: Span,
}

/// `[a, b, ...c]`
#[derive(Debug, Clone, Copy)]
pub struct ArraySyntax<'a> {
    /// The items, in order.
    pub items: &'a [ArrayItemSyntax<'a>],
    /// With the brackets.
    pub span: Span,
}

/// An item of an array.
#[derive(Debug, Clone, Copy)]
pub enum ArrayItemSyntax<'a> {
    /// `a`
    Value(ExpressionSyntax<'a>),
    /// `...a`
    Spread(&'a SpreadSyntax<'a>),
}

impl ArrayItemSyntax<'_> {
    /// The whole item.
    pub fn span(self) -> Span {
        match self {
            Self::Value(value) => value.span(),
            Self::Spread(node) => node.span,
        }
    }
}

/// `...a`
#[derive(Debug, Clone, Copy)]
pub struct SpreadSyntax<'a> {
    /// What is spread.
    pub expression: ExpressionSyntax<'a>,
    /// With the dots.
    pub span: Span,
}

/// `{ a: b, ...c }`, or the body of a resource, which may hold resources.
#[derive(Debug, Clone, Copy)]
pub struct ObjectSyntax<'a> {
    /// The items, in order.
    pub items: &'a [ObjectItemSyntax<'a>],
    /// With the braces.
    pub span: Span,
}

impl<'a> ObjectSyntax<'a> {
    /// The properties, in order.
    pub fn properties(&self) -> impl Iterator<Item = &'a ObjectPropertySyntax<'a>> + use<'a> {
        self.items.iter().filter_map(|item| match item {
            ObjectItemSyntax::Property(node) => Some(*node),
            _ => None,
        })
    }

    /// The first property of this name.
    pub fn property(&self, name: &str) -> Option<&'a ObjectPropertySyntax<'a>> {
        self.properties().find(|property| property.name() == Some(name))
    }

    /// The nested resources, in order.
    pub fn resources(&self) -> impl Iterator<Item = &'a ResourceDeclarationSyntax<'a>> + use<'a> {
        self.items.iter().filter_map(|item| match item {
            ObjectItemSyntax::Resource(node) => Some(*node),
            _ => None,
        })
    }
}

/// An item of an object.
#[derive(Debug, Clone, Copy)]
pub enum ObjectItemSyntax<'a> {
    /// `a: b`
    Property(&'a ObjectPropertySyntax<'a>),
    /// `...a`
    Spread(&'a SpreadSyntax<'a>),
    /// `resource child 'childType' = { }`
    Resource(&'a ResourceDeclarationSyntax<'a>),
    /// Decorators without a resource after them
    Missing(&'a MissingDeclarationSyntax<'a>),
    /// Text that is no item
    Skipped(&'a SkippedSyntax),
}

impl ObjectItemSyntax<'_> {
    /// The whole item.
    pub fn span(self) -> Span {
        match self {
            Self::Property(node) => node.span,
            Self::Spread(node) => node.span,
            Self::Resource(node) => node.span,
            Self::Missing(node) => node.span,
            Self::Skipped(node) => node.span,
        }
    }
}

/// `key: value`
#[derive(Debug, Clone, Copy)]
pub struct ObjectPropertySyntax<'a> {
    /// Its key.
    pub key: ObjectKeySyntax<'a>,
    /// Its value; may be a loop in the body of a resource or module.
    pub value: ExpressionSyntax<'a>,
    /// The whole.
    pub span: Span,
}

impl<'a> ObjectPropertySyntax<'a> {
    /// The key, if it is known without evaluating anything.
    pub fn name(&self) -> Option<&'a str> {
        self.key.name()
    }
}

/// The key of a property.
#[derive(Debug, Clone, Copy)]
pub enum ObjectKeySyntax<'a> {
    /// `key`
    Identifier(IdentifierSyntax<'a>),
    /// `'key'`, `'${key}'`
    String(&'a StringSyntax<'a>),
    /// Text that is no key
    Skipped(&'a SkippedSyntax),
}

impl<'a> ObjectKeySyntax<'a> {
    /// The whole key.
    pub fn span(self) -> Span {
        match self {
            Self::Identifier(name) => name.span,
            Self::String(node) => node.span,
            Self::Skipped(node) => node.span,
        }
    }

    /// The key, if it is known without evaluating anything.
    pub fn name(self) -> Option<&'a str> {
        match self {
            Self::Identifier(identifier) => Some(identifier.name),
            Self::String(node) => node.literal(),
            Self::Skipped(_) => None,
        }
    }
}

/// `name`
#[derive(Debug, Clone, Copy)]
pub struct VariableAccessSyntax<'a> {
    /// The name.
    pub name: IdentifierSyntax<'a>,
}

/// `name(a, b)`
#[derive(Debug, Clone, Copy)]
pub struct FunctionCallSyntax<'a> {
    /// The function.
    pub name: IdentifierSyntax<'a>,
    /// Its arguments.
    pub arguments: &'a [ExpressionSyntax<'a>],
    /// The whole.
    pub span: Span,
}

/// `base.name(a, b)`
#[derive(Debug, Clone, Copy)]
pub struct InstanceFunctionCallSyntax<'a> {
    /// A namespace or a resource.
    pub base: ExpressionSyntax<'a>,
    /// The function.
    pub name: IdentifierSyntax<'a>,
    /// Its arguments.
    pub arguments: &'a [ExpressionSyntax<'a>],
    /// The whole.
    pub span: Span,
}

/// `base.name`, `base.?name`
#[derive(Debug, Clone, Copy)]
pub struct PropertyAccessSyntax<'a> {
    /// What has the property.
    pub base: ExpressionSyntax<'a>,
    /// The property.
    pub name: IdentifierSyntax<'a>,
    /// Whether it is written `.?`.
    pub safe: bool,
    /// The whole.
    pub span: Span,
}

/// `base[i]`, `base[?i]`, `base[^i]`, `base[?^i]`
#[derive(Debug, Clone, Copy)]
pub struct ArrayAccessSyntax<'a> {
    /// What has the item.
    pub base: ExpressionSyntax<'a>,
    /// Which item.
    pub index: ExpressionSyntax<'a>,
    /// Whether it is written `[?`.
    pub safe: bool,
    /// Whether it counts from the end: `^`.
    pub from_end: bool,
    /// The whole.
    pub span: Span,
}

/// `base::name`
#[derive(Debug, Clone, Copy)]
pub struct ResourceAccessSyntax<'a> {
    /// The resource around it.
    pub base: ExpressionSyntax<'a>,
    /// The nested resource.
    pub name: IdentifierSyntax<'a>,
    /// The whole.
    pub span: Span,
}

/// `base!`
#[derive(Debug, Clone, Copy)]
pub struct NonNullAssertionSyntax<'a> {
    /// What is not null.
    pub base: ExpressionSyntax<'a>,
    /// The whole.
    pub span: Span,
}

/// `-a`, `!a`
#[derive(Debug, Clone, Copy)]
pub struct UnaryOperationSyntax<'a> {
    /// The operator.
    pub operator: UnaryOperator,
    /// What it works on.
    pub operand: ExpressionSyntax<'a>,
    /// The whole.
    pub span: Span,
}

/// An operator in front of its operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnaryOperator {
    /// `!`
    Not,
    /// `-`
    Minus,
    /// `+`, which Bicep reads but refuses
    Plus,
}

/// `a + b`
#[derive(Debug, Clone, Copy)]
pub struct BinaryOperationSyntax<'a> {
    /// The operator.
    pub operator: BinaryOperator,
    /// Where the operator stands.
    pub operator_span: Span,
    /// The left operand.
    pub left: ExpressionSyntax<'a>,
    /// The right operand.
    pub right: ExpressionSyntax<'a>,
    /// The whole.
    pub span: Span,
}

/// An operator between its operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BinaryOperator {
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Modulo,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `<`
    LessThan,
    /// `<=`
    LessThanOrEqual,
    /// `>`
    GreaterThan,
    /// `>=`
    GreaterThanOrEqual,
    /// `==`
    Equals,
    /// `!=`
    NotEquals,
    /// `=~`
    EqualsInsensitive,
    /// `!~`
    NotEqualsInsensitive,
    /// `&&`
    And,
    /// `||`
    Or,
    /// `??`
    Coalesce,
}

/// `a ? b : c`
#[derive(Debug, Clone, Copy)]
pub struct TernaryOperationSyntax<'a> {
    /// The condition.
    pub condition: ExpressionSyntax<'a>,
    /// The value if it holds.
    pub when_true: ExpressionSyntax<'a>,
    /// The value if not.
    pub when_false: ExpressionSyntax<'a>,
    /// The whole.
    pub span: Span,
}

/// `(a)`
#[derive(Debug, Clone, Copy)]
pub struct ParenthesizedSyntax<'a> {
    /// What is inside.
    pub expression: ExpressionSyntax<'a>,
    /// With the parentheses.
    pub span: Span,
}

/// `x => e`, `(x, y) => e`, `() => e`
#[derive(Debug, Clone, Copy)]
pub struct LambdaSyntax<'a> {
    /// Its parameters.
    pub parameters: &'a [IdentifierSyntax<'a>],
    /// What it gives.
    pub body: ExpressionSyntax<'a>,
    /// The whole.
    pub span: Span,
}

/// `[for item in xs: body]`, `[for (item, index) in xs: body]`
#[derive(Debug, Clone, Copy)]
pub struct ForSyntax<'a> {
    /// The word `for`.
    pub keyword: Span,
    /// The name of the item.
    pub item: IdentifierSyntax<'a>,
    /// The name of the index.
    pub index: Option<IdentifierSyntax<'a>>,
    /// What it goes over.
    pub expression: ExpressionSyntax<'a>,
    /// What it makes of each.
    pub body: ExpressionSyntax<'a>,
    /// With the brackets.
    pub span: Span,
}

/// `if (c) { }`
#[derive(Debug, Clone, Copy)]
pub struct IfConditionSyntax<'a> {
    /// The word `if`.
    pub keyword: Span,
    /// The condition: an [`ExpressionSyntax::Parenthesized`], or what was skipped.
    pub condition: ExpressionSyntax<'a>,
    /// An object.
    pub body: ExpressionSyntax<'a>,
    /// The whole.
    pub span: Span,
}
