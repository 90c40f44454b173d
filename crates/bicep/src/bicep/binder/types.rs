//! What the names in types mean.

use super::SymbolKind;
use super::names::Binder;
use crate::bicep::functions::Namespace;
use crate::bicep::spelling::suggestion;
use crate::bicep::syntax::{IdentifierSyntax, ObjectTypeItemSyntax, ObjectTypeSyntax, TypeSyntax};

/// The types that need no declaration.
pub const AMBIENT_TYPES: [&str; 6] = ["string", "int", "bool", "object", "array", "any"];

/// The types that take another as argument.
pub const GENERIC_TYPES: [&str; 3] = ["resourceInput", "resourceOutput", "resource"];

impl<'a> Binder<'a> {
    pub(super) fn types(&mut self, node: TypeSyntax<'a>) {
        match node {
            TypeSyntax::Variable(variable) => self.type_name(variable.name),
            TypeSyntax::PropertyAccess(node) => {
                self.types(node.base);
                self.note_member(node.base.span(), node.name);
            }
            TypeSyntax::AdditionalPropertiesAccess(node) => self.types(node.base),
            TypeSyntax::ArrayAccess(node) => self.types(node.base),
            TypeSyntax::ItemsAccess(node) => self.types(node.base),
            TypeSyntax::Instantiation(node) => {
                let silent = self.is_silent(true);
                node.arguments.iter().for_each(|argument| self.types(*argument));
                self.is_silent(silent);
                if let Some(base) = node.base {
                    self.types(base);
                } else if !GENERIC_TYPES.contains(&node.name.name) && !self.is_type(node.name) {
                    self.report_unknown_type(node.name);
                }
            }
            TypeSyntax::Array(node) => self.types(node.item),
            TypeSyntax::Nullable(node) => self.types(node.base),
            TypeSyntax::NonNull(node) => self.types(node.base),
            TypeSyntax::Union(node) => node.members.iter().for_each(|member| self.types(*member)),
            TypeSyntax::Object(node) => self.object_type(node),
            TypeSyntax::Tuple(node) => {
                for item in node.items {
                    self.decorators(item.decorators);
                    self.types(item.value);
                }
            }
            TypeSyntax::Unary(node) => self.types(node.operand),
            TypeSyntax::Parenthesized(node) => self.types(node.r#type),
            TypeSyntax::String(node) => self.string(node),
            TypeSyntax::Integer(_)
            | TypeSyntax::Boolean(_)
            | TypeSyntax::Null(_)
            | TypeSyntax::Resource(_)
            | TypeSyntax::Skipped(_) => {}
        }
    }

    fn object_type(&mut self, node: &'a ObjectTypeSyntax<'a>) {
        for item in node.items {
            match item {
                ObjectTypeItemSyntax::Property(property) => {
                    self.decorators(property.decorators);
                    self.types(property.value);
                }
                ObjectTypeItemSyntax::AdditionalProperties(additional) => {
                    self.decorators(additional.decorators);
                    self.types(additional.value);
                }
                ObjectTypeItemSyntax::Skipped(_) => {}
            }
        }
    }

    fn type_name(&mut self, used: IdentifierSyntax<'a>) {
        if used.is_missing() {
            return;
        }
        if let Some(id) = self.bound.global(used.name) {
            let kind = self.bound.symbol(id).kind;
            if matches!(
                kind,
                SymbolKind::Type(_) | SymbolKind::Imported(..) | SymbolKind::Wildcard(_)
            ) {
                self.bound.targets.insert(used.span.start, id);
                self.note_use(id, None, used.span);
                return;
            }
            if !AMBIENT_TYPES.contains(&used.name) {
                let title = format!("`{}` is not a type", used.name);
                let label = "this is a value";
                self.push("BCP287", title, used.span, label, "declare a type with `type`");
                return;
            }
        }
        if let Some(namespace) = Namespace::named(used.name) {
            let id = self.add(used, SymbolKind::Namespace(namespace));
            self.bound.targets.insert(used.span.start, id);
        } else if ["resourceInput", "resourceOutput"].contains(&used.name) {
            let title = format!("`{}` needs a resource type", used.name);
            let help = format!("add the resource type, `{}<'...'>`, and a property", used.name);
            self.push("BCP384", title, used.span, "the type argument is missing", help);
        } else if !AMBIENT_TYPES.contains(&used.name) {
            self.report_unknown_type(used);
        }
    }

    /// Whether a name is that of a type.
    fn is_type(&self, name: IdentifierSyntax<'a>) -> bool {
        let kind = self.bound.global(name.name).map(|id| self.bound.symbol(id).kind);
        AMBIENT_TYPES.contains(&name.name)
            || matches!(kind, Some(SymbolKind::Type(_) | SymbolKind::Imported(..)))
    }

    fn report_unknown_type(&mut self, used: IdentifierSyntax<'a>) {
        let declared =
            self.bound.symbols.iter().filter(|symbol| {
                matches!(symbol.kind, SymbolKind::Type(_) | SymbolKind::Imported(..))
            });
        let known = declared.map(|symbol| symbol.name.name).chain(AMBIENT_TYPES);
        let help = match suggestion(used.name, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                "declare it with `type`, or use `string`, `int`, `bool`, `object` or `array`".into()
            }
        };
        let title = format!("unknown type `{}`", used.name);
        self.push("BCP302", title, used.span, "no type has this name", help);
    }
}
