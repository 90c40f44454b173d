//! Text that is put together or converted in a roundabout way.

use foldhash::{HashSet, HashSetExt};

use super::Linting;
use crate::bicep::functions::Kinds;
use crate::bicep::syntax::{ExpressionSyntax, StatementSyntax};
use crate::bicep::types::{Type, assignable};

pub(super) fn prefer_interpolation(linting: &Linting<'_, '_>) {
    linting.undecorated(&mut |expression| {
        let (name, arguments, span) = match expression {
            ExpressionSyntax::FunctionCall(call) => (call.name.name, call.arguments, call.span),
            ExpressionSyntax::InstanceFunctionCall(call) => {
                (call.name.name, call.arguments, call.span)
            }
            _ => return,
        };
        let is_concat = name == "concat" && arguments.len() > 1;
        if !is_concat || linting.bound.has_syntax_error(span) {
            return;
        }
        let found = linting.checked.type_of(expression);
        if found.kinds() == Kinds::STRING && assignable(&found, &Type::string()) {
            let help = "use string interpolation, '${...}'";
            linting.report(
                span,
                "`concat` joins strings",
                "string interpolation gives the same result",
                help,
            );
        }
    });
}

pub(super) fn simplify_interpolation(linting: &Linting<'_, '_>) {
    // Microsoft's rule looks at values of properties and declarations only.
    let mut values: HashSet<u32> = HashSet::new();
    for statement in linting.bound.program.statements {
        let value = match statement {
            StatementSyntax::Variable(node) => Some(node.value),
            StatementSyntax::Output(node) => Some(node.value),
            StatementSyntax::Parameter(node) => node.default,
            _ => None,
        };
        values.extend(value.map(|value| value.span().start));
    }
    linting.expressions(&mut |expression| {
        if let ExpressionSyntax::Object(node) = expression {
            values.extend(node.properties().map(|property| property.value.span().start));
        }
        let ExpressionSyntax::String(node) = expression else { return };
        let (["", ""], [hole]) = (node.segments, node.holes) else { return };
        if !values.contains(&node.span.start) {
            return;
        }
        let found = linting.checked.type_of(*hole);
        if found.kinds() == Kinds::STRING && assignable(&found, &Type::string()) {
            let help = "use the value itself";
            linting.report(
                node.span,
                "the string contains only one value",
                "the value is already a string",
                help,
            );
        }
    });
}

pub(super) fn simplify_json_null(linting: &Linting<'_, '_>) {
    linting.expressions(&mut |expression| {
        let ExpressionSyntax::FunctionCall(call) = expression else { return };
        let [argument] = call.arguments else { return };
        if call.name.name == "json" && argument.literal() == Some("null") {
            linting.report(call.span, "`json('null')`", "the result is `null`", "use `null`");
        }
    });
}
