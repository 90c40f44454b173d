//! What the names of called functions mean, and which calls load files.

use super::names::Binder;
use super::{LoadCall, SymbolKind};
use crate::bicep::functions::{self, Namespace};
use crate::bicep::spelling::suggestion;
use crate::bicep::syntax::{
    ExpressionSyntax, FunctionCallSyntax, IdentifierSyntax, InstanceFunctionCallSyntax,
};
use crate::diagnostic::Span;

impl<'a> Binder<'a> {
    pub(super) fn call(&mut self, node: &'a FunctionCallSyntax<'a>) {
        let global = self.visible_global(node.name.name);
        let callable = global.filter(|id| {
            let kind = self.bound.symbol(*id).kind;
            matches!(kind, SymbolKind::Function(_) | SymbolKind::Imported(..))
        });
        if let Some(id) = callable {
            self.bound.targets.insert(node.name.span.start, id);
            self.note_use(id, None, node.name.span);
        } else if let (Some(id), Some(function)) =
            (global, functions::function(None, node.name.name))
        {
            self.bound.targets.insert(node.name.span.start, id);
            self.note_use(id, None, node.name.span);
            let namespace = function.namespace.name();
            let title = format!("a declaration hides the function `{}`", node.name.name);
            let help = format!("did you mean `{namespace}.{}`?", node.name.name);
            self.push("BCP265", title, node.name.span, "a declaration has this name", help);
        } else if let Some(function) =
            functions::function(None, node.name.name).filter(|it| self.is_visible(it))
        {
            self.note_load(function, node.arguments, node.span);
        } else if let Some(id) = global {
            self.bound.targets.insert(node.name.span.start, id);
            self.note_use(id, None, node.name.span);
            let title = format!("`{}` is not a function", node.name.name);
            self.push("BCP059", title, node.name.span, "a value cannot be called", "remove `()`");
        } else if !self.report_replaced(node.name) && !node.name.is_missing() {
            let known = functions::functions().iter().filter(|function| self.is_visible(function));
            let known = known.map(|function| function.name);
            let near = suggestion(node.name.name, known).map(str::to_owned);
            let code = if near.is_some() { "BCP082" } else { "BCP057" };
            self.report_unknown(code, node.name, near);
        }
        self.expressions(node.arguments);
    }

    fn is_visible(&self, function: &functions::Function) -> bool {
        function.is_visible_in(self.bound.program.kind)
    }

    /// Reports a function of ARM that Bicep has another word for.
    pub(super) fn report_replaced(&mut self, name: IdentifierSyntax<'a>) -> bool {
        let Some((code, help)) = functions::replacement(name.name) else { return false };
        let title = format!("Bicep has no function `{}`", name.name);
        self.push(code, title, name.span, "Bicep uses different syntax", help);
        true
    }

    pub(super) fn instance_call(&mut self, node: &'a InstanceFunctionCallSyntax<'a>) {
        self.expression(node.base);
        self.note_member(node.base.span(), node.name);
        if let ExpressionSyntax::Variable(base) = node.base {
            let kind = self.bound.target(base.name).map(|id| self.bound.symbol(id).kind);
            if let Some(SymbolKind::Namespace(namespace)) = kind {
                let function = functions::function(Some(namespace), node.name.name);
                if let Some(function) = function.filter(|it| self.is_visible(it)) {
                    self.note_load(function, node.arguments, node.span);
                } else if !self.report_replaced(node.name) && !node.name.is_missing() {
                    self.report_unknown_member(namespace, node.name);
                }
            }
        }
        self.expressions(node.arguments);
    }

    fn report_unknown_member(&mut self, namespace: Namespace, name: IdentifierSyntax<'a>) {
        let known = functions::functions().iter();
        let known =
            known.filter(|function| function.namespace == namespace && self.is_visible(function));
        let near = suggestion(name.name, known.map(|function| function.name));
        let (code, help) = match near.filter(|_| name.name.len() > 2) {
            Some(near) => ("BCP108", format!("did you mean `{near}`?")),
            None => ("BCP107", "correct its name".to_owned()),
        };
        let title = format!("`{}` has no function `{}`", namespace.name(), name.name);
        self.push(code, title, name.span, "no function has this name", help);
    }

    fn note_load(
        &mut self,
        function: &functions::Function,
        arguments: &'a [ExpressionSyntax<'a>],
        span: Span,
    ) {
        if function.usage == functions::Use::Load {
            let whole_variable = self.whole_variable == Some(span);
            let in_function = self.in_function;
            let name = function.name;
            self.bound.loads.push(LoadCall { name, arguments, span, whole_variable, in_function });
        }
    }
}
