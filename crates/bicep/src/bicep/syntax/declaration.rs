use super::{
    ExpressionSyntax, ForSyntax, IdentifierSyntax, IfConditionSyntax, ObjectSyntax, SkippedSyntax,
    StringSyntax, TypeSyntax,
};
use crate::diagnostic::Span;

/// A statement of a file.
#[derive(Debug, Clone, Copy)]
pub enum StatementSyntax<'a> {
    /// `targetScope = 'subscription'`
    TargetScope(&'a TargetScopeSyntax<'a>),
    /// `metadata name = value`
    Metadata(&'a MetadataDeclarationSyntax<'a>),
    /// `param name type = default`
    Parameter(&'a ParameterDeclarationSyntax<'a>),
    /// `var name = value`
    Variable(&'a VariableDeclarationSyntax<'a>),
    /// `type name = T`
    Type(&'a TypeDeclarationSyntax<'a>),
    /// `func name(a T) R => body`
    Function(&'a FunctionDeclarationSyntax<'a>),
    /// `output name type = value`
    Output(&'a OutputDeclarationSyntax<'a>),
    /// `resource name 'type@version' = body`
    Resource(&'a ResourceDeclarationSyntax<'a>),
    /// `module name 'path' = body`
    Module(&'a ModuleDeclarationSyntax<'a>),
    /// `import { a } from 'path'`
    Import(&'a ImportSyntax<'a>),
    /// `extension name with { } as alias`
    Extension(&'a ExtensionSyntax<'a>),
    /// `assert name = condition`
    Assert(&'a AssertDeclarationSyntax<'a>),
    /// `test name 'path' = body`
    Test(&'a TestDeclarationSyntax<'a>),
    /// `using 'main.bicep'`, of a parameters file
    Using(&'a UsingSyntax<'a>),
    /// `extends 'base.bicepparam'`, of a parameters file
    Extends(&'a ExtendsSyntax<'a>),
    /// `param name = value`, of a parameters file
    ParameterAssignment(&'a ParameterAssignmentSyntax<'a>),
    /// `extensionConfig name with { }`, of a parameters file
    ExtensionConfig(&'a ExtensionConfigSyntax<'a>),
    /// Decorators without a declaration after them
    Missing(&'a MissingDeclarationSyntax<'a>),
    /// Text that is no statement
    Skipped(&'a SkippedSyntax),
}

impl<'a> StatementSyntax<'a> {
    /// The whole statement, its decorators included.
    pub fn span(self) -> Span {
        match self {
            Self::TargetScope(node) => node.span,
            Self::Metadata(node) => node.span,
            Self::Parameter(node) => node.span,
            Self::Variable(node) => node.span,
            Self::Type(node) => node.span,
            Self::Function(node) => node.span,
            Self::Output(node) => node.span,
            Self::Resource(node) => node.span,
            Self::Module(node) => node.span,
            Self::Import(node) => node.span,
            Self::Extension(node) => node.span,
            Self::Assert(node) => node.span,
            Self::Test(node) => node.span,
            Self::Using(node) => node.span,
            Self::Extends(node) => node.span,
            Self::ParameterAssignment(node) => node.span,
            Self::ExtensionConfig(node) => node.span,
            Self::Missing(node) => node.span,
            Self::Skipped(node) => node.span,
        }
    }

    /// The decorators in front of it.
    pub fn decorators(self) -> &'a [DecoratorSyntax<'a>] {
        match self {
            Self::TargetScope(node) => node.decorators,
            Self::Metadata(node) => node.decorators,
            Self::Parameter(node) => node.decorators,
            Self::Variable(node) => node.decorators,
            Self::Type(node) => node.decorators,
            Self::Function(node) => node.decorators,
            Self::Output(node) => node.decorators,
            Self::Resource(node) => node.decorators,
            Self::Module(node) => node.decorators,
            Self::Import(node) => node.decorators,
            Self::Extension(node) => node.decorators,
            Self::Assert(node) => node.decorators,
            Self::Test(node) => node.decorators,
            Self::Using(node) => node.decorators,
            Self::Extends(node) => node.decorators,
            Self::ParameterAssignment(node) => node.decorators,
            Self::ExtensionConfig(node) => node.decorators,
            Self::Missing(node) => node.decorators,
            Self::Skipped(_) => &[],
        }
    }
}

/// `@name(arguments)` in front of a declaration, a property or a tuple item.
#[derive(Debug, Clone, Copy)]
pub struct DecoratorSyntax<'a> {
    /// A [`ExpressionSyntax::FunctionCall`], or a [`ExpressionSyntax::InstanceFunctionCall`] on a
    /// namespace; anything else has been reported.
    pub expression: ExpressionSyntax<'a>,
    /// With the `@`.
    pub span: Span,
}

/// `targetScope = 'subscription'`
#[derive(Debug, Clone, Copy)]
pub struct TargetScopeSyntax<'a> {
    /// Decorators in front of it, which it may not have.
    pub decorators: &'a [DecoratorSyntax<'a>],
    /// The word `targetScope`.
    pub keyword: Span,
    /// A string, or an array of strings for a feature that is still an experiment.
    pub value: ExpressionSyntax<'a>,
    /// The whole.
    pub span: Span,
}

/// `metadata name = value`
#[derive(Debug, Clone, Copy)]
pub struct MetadataDeclarationSyntax<'a> {
    /// Decorators in front of it.
    pub decorators: &'a [DecoratorSyntax<'a>],
    /// The word `metadata`.
    pub keyword: Span,
    /// Its name.
    pub name: IdentifierSyntax<'a>,
    /// Its value.
    pub value: ExpressionSyntax<'a>,
    /// The whole.
    pub span: Span,
}

/// `param name type = default`
#[derive(Debug, Clone, Copy)]
pub struct ParameterDeclarationSyntax<'a> {
    /// Decorators in front of it.
    pub decorators: &'a [DecoratorSyntax<'a>],
    /// The word `param`.
    pub keyword: Span,
    /// Its name.
    pub name: IdentifierSyntax<'a>,
    /// Its type.
    pub r#type: TypeSyntax<'a>,
    /// Its default value.
    pub default: Option<ExpressionSyntax<'a>>,
    /// The whole.
    pub span: Span,
}

/// `var name = value`
#[derive(Debug, Clone, Copy)]
pub struct VariableDeclarationSyntax<'a> {
    /// Decorators in front of it.
    pub decorators: &'a [DecoratorSyntax<'a>],
    /// The word `var`.
    pub keyword: Span,
    /// Its name.
    pub name: IdentifierSyntax<'a>,
    /// Its declared type, if it has one.
    pub r#type: Option<TypeSyntax<'a>>,
    /// Its value; may be a loop.
    pub value: ExpressionSyntax<'a>,
    /// The whole.
    pub span: Span,
}

/// `type name = T`
#[derive(Debug, Clone, Copy)]
pub struct TypeDeclarationSyntax<'a> {
    /// Decorators in front of it.
    pub decorators: &'a [DecoratorSyntax<'a>],
    /// The word `type`.
    pub keyword: Span,
    /// Its name.
    pub name: IdentifierSyntax<'a>,
    /// What it stands for.
    pub value: TypeSyntax<'a>,
    /// The whole.
    pub span: Span,
}

/// `func name(a T) R => body`
#[derive(Debug, Clone, Copy)]
pub struct FunctionDeclarationSyntax<'a> {
    /// Decorators in front of it.
    pub decorators: &'a [DecoratorSyntax<'a>],
    /// The word `func`.
    pub keyword: Span,
    /// Its name.
    pub name: IdentifierSyntax<'a>,
    /// Its parameters, in order.
    pub parameters: &'a [TypedParameterSyntax<'a>],
    /// What it gives.
    pub return_type: TypeSyntax<'a>,
    /// The expression that makes it.
    pub body: ExpressionSyntax<'a>,
    /// From `(` to the end of the body.
    pub lambda: Span,
    /// The whole.
    pub span: Span,
}

/// A parameter of a user-defined function.
#[derive(Debug, Clone, Copy)]
pub struct TypedParameterSyntax<'a> {
    /// Its name.
    pub name: IdentifierSyntax<'a>,
    /// Its type.
    pub r#type: TypeSyntax<'a>,
    /// The whole.
    pub span: Span,
}

/// `output name type = value`
#[derive(Debug, Clone, Copy)]
pub struct OutputDeclarationSyntax<'a> {
    /// Decorators in front of it.
    pub decorators: &'a [DecoratorSyntax<'a>],
    /// The word `output`.
    pub keyword: Span,
    /// Its name.
    pub name: IdentifierSyntax<'a>,
    /// Its type.
    pub r#type: TypeSyntax<'a>,
    /// Its value; may be a loop.
    pub value: ExpressionSyntax<'a>,
    /// The whole.
    pub span: Span,
}

/// `resource name 'type@version' [existing] = body`, at the top or inside another one's body.
#[derive(Debug, Clone, Copy)]
pub struct ResourceDeclarationSyntax<'a> {
    /// Decorators in front of it.
    pub decorators: &'a [DecoratorSyntax<'a>],
    /// The word `resource`.
    pub keyword: Span,
    /// Its symbolic name.
    pub name: IdentifierSyntax<'a>,
    /// The type with its API version: a string, or what was skipped.
    pub r#type: ExpressionSyntax<'a>,
    /// The word `existing`, if it is there.
    pub existing: Option<Span>,
    /// An object, an `if`, or a `for` around one of these.
    pub value: ExpressionSyntax<'a>,
    /// The whole.
    pub span: Span,
}

impl<'a> ResourceDeclarationSyntax<'a> {
    /// The string that names the type, if there is one.
    pub fn type_string(&self) -> Option<&'a StringSyntax<'a>> {
        as_string(self.r#type)
    }

    /// The loop, the condition and the object of the body.
    pub fn body(&self) -> DeclarationBody<'a> {
        DeclarationBody::of(self.value)
    }
}

/// `module name 'path' = body`
#[derive(Debug, Clone, Copy)]
pub struct ModuleDeclarationSyntax<'a> {
    /// Decorators in front of it.
    pub decorators: &'a [DecoratorSyntax<'a>],
    /// The word `module`.
    pub keyword: Span,
    /// Its symbolic name.
    pub name: IdentifierSyntax<'a>,
    /// Where the module is: a string, or what was skipped.
    pub path: ExpressionSyntax<'a>,
    /// An object, an `if`, or a `for` around one of these.
    pub value: ExpressionSyntax<'a>,
    /// The whole.
    pub span: Span,
}

impl<'a> ModuleDeclarationSyntax<'a> {
    /// The string that names the file, if there is one.
    pub fn path_string(&self) -> Option<&'a StringSyntax<'a>> {
        as_string(self.path)
    }

    /// The loop, the condition and the object of the body.
    pub fn body(&self) -> DeclarationBody<'a> {
        DeclarationBody::of(self.value)
    }
}

/// The parts of the body of a resource or module: `[for x in xs: if (c) { .. }]`.
#[derive(Debug, Clone, Copy, Default)]
pub struct DeclarationBody<'a> {
    /// The loop around it.
    pub r#for: Option<&'a ForSyntax<'a>>,
    /// The condition, inside the loop.
    pub r#if: Option<&'a IfConditionSyntax<'a>>,
    /// The object, if the body has one.
    pub object: Option<&'a ObjectSyntax<'a>>,
}

impl<'a> DeclarationBody<'a> {
    /// Takes a body apart.
    pub fn of(value: ExpressionSyntax<'a>) -> Self {
        let mut body = Self::default();
        let mut value = value;
        if let ExpressionSyntax::For(node) = value {
            body.r#for = Some(node);
            value = node.body;
        }
        if let ExpressionSyntax::If(node) = value {
            body.r#if = Some(node);
            value = node.body;
        }
        if let ExpressionSyntax::Object(node) = value {
            body.object = Some(node);
        }
        body
    }
}

/// `import <what> from 'path'`
#[derive(Debug, Clone, Copy)]
pub struct ImportSyntax<'a> {
    /// Decorators in front of it.
    pub decorators: &'a [DecoratorSyntax<'a>],
    /// The word `import`.
    pub keyword: Span,
    /// What is imported.
    pub what: ImportedSyntax<'a>,
    /// Where from: a string, or what was skipped.
    pub path: ExpressionSyntax<'a>,
    /// The whole.
    pub span: Span,
}

impl<'a> ImportSyntax<'a> {
    /// The string that names the file, if there is one.
    pub fn path_string(&self) -> Option<&'a StringSyntax<'a>> {
        as_string(self.path)
    }
}

/// What an import statement imports.
#[derive(Debug, Clone, Copy)]
pub enum ImportedSyntax<'a> {
    /// `* as alias`
    Wildcard(&'a WildcardImportSyntax<'a>),
    /// `{ a, b as c }`
    Named(&'a NamedImportsSyntax<'a>),
    /// Text that is neither
    Skipped(&'a SkippedSyntax),
}

/// `* as alias`
#[derive(Debug, Clone, Copy)]
pub struct WildcardImportSyntax<'a> {
    /// The name of the namespace that it makes.
    pub alias: IdentifierSyntax<'a>,
    /// From `*` to the alias.
    pub span: Span,
}

/// `{ a, b as c }`
#[derive(Debug, Clone, Copy)]
pub struct NamedImportsSyntax<'a> {
    /// The symbols.
    pub items: &'a [ImportedSymbolSyntax<'a>],
    /// With the braces.
    pub span: Span,
}

/// One symbol of a named import.
#[derive(Debug, Clone, Copy)]
pub struct ImportedSymbolSyntax<'a> {
    /// Its name in the file that exports it: [`ExpressionSyntax::Variable`] or a string.
    pub original: ExpressionSyntax<'a>,
    /// Its name here, if that is another one.
    pub alias: Option<IdentifierSyntax<'a>>,
    /// The whole.
    pub span: Span,
}

impl<'a> ImportedSymbolSyntax<'a> {
    /// The name in the file that exports it.
    pub fn original_name(&self) -> Option<&'a str> {
        match self.original {
            ExpressionSyntax::Variable(node) => Some(node.name.name),
            ExpressionSyntax::String(node) => node.literal(),
            _ => None,
        }
    }

    /// The name that it has here.
    pub fn name(&self) -> Option<IdentifierSyntax<'a>> {
        match (self.alias, self.original) {
            (Some(alias), _) => Some(alias),
            (None, ExpressionSyntax::Variable(node)) => Some(node.name),
            _ => None,
        }
    }
}

/// `extension name with { } as alias`
#[derive(Debug, Clone, Copy)]
pub struct ExtensionSyntax<'a> {
    /// Decorators in front of it.
    pub decorators: &'a [DecoratorSyntax<'a>],
    /// The word `extension`, or `import` in its old spelling.
    pub keyword: Span,
    /// What is loaded: a string, a name ([`ExpressionSyntax::Variable`]), or what was skipped.
    pub specification: ExpressionSyntax<'a>,
    /// Its configuration.
    pub config: Option<ExpressionSyntax<'a>>,
    /// Its name here.
    pub alias: Option<IdentifierSyntax<'a>>,
    /// The whole.
    pub span: Span,
}

/// `assert name = condition`
#[derive(Debug, Clone, Copy)]
pub struct AssertDeclarationSyntax<'a> {
    /// Decorators in front of it.
    pub decorators: &'a [DecoratorSyntax<'a>],
    /// The word `assert`.
    pub keyword: Span,
    /// Its name.
    pub name: IdentifierSyntax<'a>,
    /// What must hold.
    pub value: ExpressionSyntax<'a>,
    /// The whole.
    pub span: Span,
}

/// `test name 'path' = body`
#[derive(Debug, Clone, Copy)]
pub struct TestDeclarationSyntax<'a> {
    /// Decorators in front of it.
    pub decorators: &'a [DecoratorSyntax<'a>],
    /// The word `test`.
    pub keyword: Span,
    /// Its name.
    pub name: IdentifierSyntax<'a>,
    /// The file under test: a string, or what was skipped.
    pub path: ExpressionSyntax<'a>,
    /// An object.
    pub value: ExpressionSyntax<'a>,
    /// The whole.
    pub span: Span,
}

/// `using 'main.bicep' [with { }]`
#[derive(Debug, Clone, Copy)]
pub struct UsingSyntax<'a> {
    /// Decorators in front of it.
    pub decorators: &'a [DecoratorSyntax<'a>],
    /// The word `using`.
    pub keyword: Span,
    /// A string, the name `none` as [`ExpressionSyntax::None`], or what was skipped.
    pub path: ExpressionSyntax<'a>,
    /// How it is deployed, a feature that is still an experiment.
    pub config: Option<ExpressionSyntax<'a>>,
    /// The whole.
    pub span: Span,
}

/// `extends 'base.bicepparam'`
#[derive(Debug, Clone, Copy)]
pub struct ExtendsSyntax<'a> {
    /// Decorators in front of it.
    pub decorators: &'a [DecoratorSyntax<'a>],
    /// The word `extends`.
    pub keyword: Span,
    /// A string, or what was skipped.
    pub path: ExpressionSyntax<'a>,
    /// The whole.
    pub span: Span,
}

/// `param name = value`
#[derive(Debug, Clone, Copy)]
pub struct ParameterAssignmentSyntax<'a> {
    /// Decorators in front of it.
    pub decorators: &'a [DecoratorSyntax<'a>],
    /// The word `param`.
    pub keyword: Span,
    /// The parameter.
    pub name: IdentifierSyntax<'a>,
    /// Its value.
    pub value: ExpressionSyntax<'a>,
    /// The whole.
    pub span: Span,
}

/// `extensionConfig name with { }`
#[derive(Debug, Clone, Copy)]
pub struct ExtensionConfigSyntax<'a> {
    /// Decorators in front of it.
    pub decorators: &'a [DecoratorSyntax<'a>],
    /// The word `extensionConfig`.
    pub keyword: Span,
    /// The extension's alias.
    pub name: IdentifierSyntax<'a>,
    /// Its configuration.
    pub config: Option<ExpressionSyntax<'a>>,
    /// The whole.
    pub span: Span,
}

/// Decorators without a declaration after them.
#[derive(Debug, Clone, Copy)]
pub struct MissingDeclarationSyntax<'a> {
    /// Whether the parser has reported something in it, so that it means nothing.
    pub broken: bool,
    /// The decorators.
    pub decorators: &'a [DecoratorSyntax<'a>],
    /// The whole.
    pub span: Span,
}

fn as_string(node: ExpressionSyntax<'_>) -> Option<&StringSyntax<'_>> {
    match node {
        ExpressionSyntax::String(string) => Some(string),
        _ => None,
    }
}
