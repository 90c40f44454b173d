//! What expressions are, and whether their operands fit.

use smallvec::SmallVec;

use super::Checker;
use super::interface::Export;
use crate::bicep::binder::{SymbolId, SymbolKind};
use crate::bicep::syntax::{
    ArrayItemSyntax, ArraySyntax, ExpressionSyntax, ForSyntax, IdentifierSyntax, LambdaSyntax,
    ObjectItemSyntax, ObjectKeySyntax, ObjectSyntax, StringSyntax, TernaryOperationSyntax,
};
use crate::bicep::types::{Flags, Integer, Marks, ObjectType, Property, Text, Type, assignable};
use crate::diagnostic::{Severity, Span};

/// The longest text, in bytes, that is put together while checking: beyond, only its length is known.
const LONGEST_FOLDED: usize = 4096;
/// The most items of arrays that are put together by `...`: beyond, only what each may be is known.
const MOST_SPREAD: usize = 4096;
/// The index of the last of the resources that one loop can make.
const GREATEST_INDEX: i64 = 799;

impl<'a> Checker<'a, '_> {
    /// The type of an expression. Reports what does not fit in it, once.
    pub(super) fn infer(&self, expression: ExpressionSyntax<'a>) -> Type<'a> {
        match expression {
            ExpressionSyntax::Integer(node) => {
                return i64::try_from(node.value).map_or(Type::int(), Type::number);
            }
            ExpressionSyntax::Boolean(node) => return Type::Bool(Some(node.value), Marks::NONE),
            ExpressionSyntax::Null(_) => return Type::Null,
            ExpressionSyntax::None(_) => return Type::Any,
            ExpressionSyntax::Skipped(_) => return Type::Error,
            _ => {}
        }
        let span = expression.span();
        if let Some(known) = self.inferred.borrow().get(&(span.start, span.end)) {
            return known.clone();
        }
        if self.is_in_unknown_body(span) {
            return Type::Error;
        }
        let found = self.deeper(|| self.infer_here(expression)).unwrap_or(Type::Any);
        self.inferred.borrow_mut().insert((span.start, span.end), found.clone());
        found
    }

    fn infer_here(&self, expression: ExpressionSyntax<'a>) -> Type<'a> {
        match expression {
            ExpressionSyntax::String(node) => self.string(node),
            ExpressionSyntax::Array(node) => self.array(node),
            ExpressionSyntax::Object(node) => self.object(node),
            ExpressionSyntax::Variable(node) => self.variable(node.name),
            ExpressionSyntax::FunctionCall(node) => self.call(node),
            ExpressionSyntax::InstanceFunctionCall(node) => self.instance_call(node),
            ExpressionSyntax::PropertyAccess(_) | ExpressionSyntax::ArrayAccess(_) => {
                self.accessed(expression)
            }
            ExpressionSyntax::ResourceAccess(node) => self.nested_resource(node),
            ExpressionSyntax::NonNullAssertion(node) => {
                let base = self.infer(node.base);
                base.without_null().unwrap_or(base)
            }
            ExpressionSyntax::Unary(node) => self.unary(node),
            ExpressionSyntax::Binary(node) => self.binary(node),
            ExpressionSyntax::Ternary(node) => self.ternary(node),
            ExpressionSyntax::Parenthesized(node) => self.infer(node.expression),
            ExpressionSyntax::Lambda(node) => {
                self.lambda_body(node);
                Type::Lambda
            }
            ExpressionSyntax::For(node) => self.for_loop(node),
            ExpressionSyntax::If(node) => {
                self.condition(node.condition);
                self.infer(node.body)
            }
            ExpressionSyntax::Null(_)
            | ExpressionSyntax::None(_)
            | ExpressionSyntax::Integer(_)
            | ExpressionSyntax::Boolean(_) => Type::Any,
            ExpressionSyntax::Skipped(_) => Type::Error,
        }
    }

    /// The type of what a lambda gives. One that is not valid does not fit where the lambda stands, which is
    /// told instead of what is wrong with it; unknown properties are told all the same.
    pub(super) fn lambda_body(&self, node: &LambdaSyntax<'a>) -> Type<'a> {
        let mut body = Type::Any;
        let found = self.captured(|| body = self.infer(node.body));
        let kept = found.into_iter().filter(|finding| {
            !body.is_error()
                || finding.severity != Severity::Error
                || matches!(&*finding.code, "BCP052" | "BCP053" | "BCP077" | "BCP083")
        });
        self.findings.borrow_mut().extend(kept);
        body
    }

    fn string(&self, node: &StringSyntax<'a>) -> Type<'a> {
        if let Some(text) = node.literal() {
            return Type::literal(text);
        }
        let holes: Vec<Type<'a>> = node.holes.iter().map(|hole| self.infer(*hole)).collect();
        if holes.iter().any(Type::is_error) {
            return Type::Error;
        }
        let count = |text: &str| i64::try_from(text.encode_utf16().count()).unwrap_or(0);
        let mut folded = Some(String::new());
        let (mut least, mut most) = (0, Some(0));
        for (at, segment) in node.segments.iter().enumerate() {
            least = i64::saturating_add(least, count(segment));
            most = most.map(|most| i64::saturating_add(most, count(segment)));
            if let Some(folded) = &mut folded {
                folded.push_str(segment);
            }
            let Some(hole) = holes.get(at) else { continue };
            let (low, high) = printed_length(hole);
            least = least.saturating_add(low);
            most = most.zip(high).map(|(most, high): (i64, i64)| most.saturating_add(high));
            folded = folded.zip(printed(hole)).map(|(before, hole)| before + &hole);
            folded = folded.filter(|text| text.len() <= LONGEST_FOLDED);
        }
        // What may be anything may be as short as it likes.
        if holes.iter().any(|hole| matches!(hole, Type::Any)) {
            least = 0;
        }
        if let Some(folded) = folded {
            return Type::literal(self.arena.alloc_str(&folded));
        }
        let minimum = (least > 0).then_some(least);
        Type::String(Text { minimum, maximum: most, ..Text::default() })
    }

    fn array(&self, node: &ArraySyntax<'a>) -> Type<'a> {
        let (mut items, mut others, mut broken) = (Vec::new(), Vec::new(), false);
        for item in node.items {
            match item {
                ArrayItemSyntax::Value(value) => items.push(self.infer(*value)),
                ArrayItemSyntax::Spread(node) => match self.infer(node.expression) {
                    Type::Array(array) => match &array.items {
                        Some(known) if items.len() + known.len() <= MOST_SPREAD => {
                            items.extend(known.iter().cloned());
                        }
                        _ => others.push(array.item()),
                    },
                    Type::Error => broken = true,
                    other => {
                        if !assignable(&other, &Type::array()) {
                            self.spread_of(node.span, &other, "an array");
                            broken = true;
                        }
                        others.push(Type::Any);
                    }
                },
            }
        }
        if broken || items.iter().any(Type::is_error) {
            Type::Error
        } else if others.is_empty() {
            Type::tuple(items)
        } else {
            Type::array_of(Type::any_of(items.into_iter().chain(others)))
        }
    }

    fn spread_of(&self, place: Span, found: &Type<'a>, wanted: &str) {
        let title = format!("`...` does not accept `{}`", found.name());
        let help = format!("spread {wanted}");
        self.error("BCP402", place, title, ("wrong type of operand", &help));
    }

    /// The type of an object, whose repeated keys are reported.
    pub(super) fn object(&self, node: &ObjectSyntax<'a>) -> Type<'a> {
        let mut properties: Vec<Property<'a>> = Vec::with_capacity(node.items.len());
        let mut more: Vec<Type<'a>> = Vec::new();
        let mut broken = self.repeated_keys(node);
        for item in node.items {
            match item {
                ObjectItemSyntax::Property(property) => {
                    if let ObjectKeySyntax::String(key) = property.key {
                        broken |= self.string(key).is_error();
                    }
                    let value = self.infer(property.value);
                    broken |= value.is_error();
                    match property.name() {
                        Some(name) => {
                            properties.retain(|known| known.name != name);
                            properties.push(Property::new(name, value, Flags::REQUIRED));
                        }
                        None => more.push(value),
                    }
                }
                ObjectItemSyntax::Spread(spread) => match self.infer(spread.expression) {
                    Type::Object(object) => {
                        for property in &object.properties {
                            properties.retain(|known| known.name != property.name);
                            properties.push(property.clone());
                        }
                        more.extend(object.additional().map(|more| more.0));
                    }
                    Type::Error => broken = true,
                    other => {
                        if !assignable(&other, &Type::object()) {
                            self.spread_of(spread.span, &other, "an object");
                            broken = true;
                        }
                        more.push(Type::Any);
                    }
                },
                ObjectItemSyntax::Resource(_) | ObjectItemSyntax::Missing(_) => {}
                ObjectItemSyntax::Skipped(_) => broken = true,
            }
        }
        if broken {
            return Type::Error;
        }
        let additional = (!more.is_empty()).then(|| (Type::any_of(more), Flags::NONE));
        Type::shaped(ObjectType { properties, additional, ..ObjectType::default() })
    }

    fn repeated_keys(&self, node: &ObjectSyntax<'a>) -> bool {
        let keys =
            node.properties().filter_map(|property| Some((property.name()?, property.key.span())));
        let mut keys: SmallVec<[(&str, Span); 16]> = keys.collect();
        keys.sort_unstable();
        let mut any = false;
        for group in keys.chunk_by(|left, right| left.0 == right.0) {
            if group.len() > 1 {
                any = true;
                for (name, span) in group {
                    let title = format!("property `{name}` is set more than once");
                    let words = ("a property can be set only once", "keep one of them");
                    self.error("BCP025", *span, title, words);
                }
            }
        }
        any
    }

    fn ternary(&self, node: &TernaryOperationSyntax<'a>) -> Type<'a> {
        let condition = self.infer(node.condition);
        let when_true = self.infer(node.when_true);
        let when_false = self.infer(node.when_false);
        if condition.is_error() || when_true.is_error() || when_false.is_error() {
            return Type::Error;
        }
        if !self.wants_bool(&condition, node.condition.span()) {
            return Type::Error;
        }
        match condition {
            Type::Bool(Some(true), _) => when_true,
            Type::Bool(Some(false), _) => when_false,
            _ => when_true.or(when_false).collapsed(),
        }
    }

    /// Judges the condition of an `if`.
    pub(super) fn condition(&self, condition: ExpressionSyntax<'a>) {
        let found = self.infer(condition);
        if !found.is_error() {
            self.wants_bool(&found, condition.span());
        }
    }

    fn wants_bool(&self, found: &Type<'a>, span: Span) -> bool {
        if assignable(found, &Type::bool()) {
            return true;
        }
        if found.without_null().is_some_and(|some| assignable(&some, &Type::bool())) {
            self.maybe_null(span);
            return true;
        }
        let title = format!("the condition is `{}`, not `bool`", found.name());
        self.error("BCP046", span, title, ("a condition must be a boolean", "use a comparison"));
        false
    }

    fn for_loop(&self, node: &ForSyntax<'a>) -> Type<'a> {
        let over = self.infer(node.expression);
        let mut broken = over.is_error();
        if !broken && !assignable(&over, &Type::array()) {
            if over.without_null().is_some_and(|some| assignable(&some, &Type::array())) {
                self.maybe_null(node.expression.span());
            } else {
                let title = format!("a loop cannot iterate over `{}`", over.name());
                let words = (
                    "the loop expression must be an array",
                    "use `items()` to loop over an object",
                );
                self.error("BCP137", node.expression.span(), title, words);
                broken = true;
            }
        }
        let body = self.infer(node.body);
        if body.is_error() || broken { Type::Error } else { Type::array_of(body) }
    }

    fn variable(&self, name: IdentifierSyntax<'a>) -> Type<'a> {
        let Some(id) = self.bound.target(name) else { return Type::Error };
        let found = self.symbol(id);
        if self.bound.is_cyclic(name) {
            return Type::Error;
        }
        let declared = !matches!(
            self.bound.symbol(id).kind,
            SymbolKind::Item(_)
                | SymbolKind::Index(_)
                | SymbolKind::LambdaParameter
                | SymbolKind::Imported(..)
                | SymbolKind::Function(_)
        );
        if self.is_missing_import(id) {
            let title = format!("`{}` is not a value", name.name);
            let words = ("the import does not provide this name", "correct the import");
            self.error("BCP063", name.span, title, words);
            return Type::Error;
        }
        if matches!(self.bound.symbol(id).kind, SymbolKind::Function(_)) {
            let title = format!("`{}` is a function, not a value", name.name);
            self.error("BCP063", name.span, title, ("expected a value", "call the function"));
            return Type::Error;
        }
        let is_type = match self.bound.symbol(id).kind {
            SymbolKind::Type(_) => true,
            SymbolKind::Imported(import, original) => {
                matches!(self.export(import, original), Some(Export::Type(_)))
            }
            _ => false,
        };
        if is_type {
            let title = format!("`{}` is a type, not a value", name.name);
            self.error("BCP288", name.span, title, ("expected a value", "use a value"));
            return Type::Error;
        }
        if found.is_error() && declared || self.bound.is_in_cycle(id) {
            let title = format!("`{}` is not valid", name.name);
            let words = ("its declaration contains an error", "correct the declaration first");
            self.error("BCP062", name.span, title, words);
            return Type::Error;
        }
        found
    }

    /// The type of what a name means.
    pub(super) fn symbol(&self, id: SymbolId) -> Type<'a> {
        match self.bound.symbol(id).kind {
            SymbolKind::Parameter(node) => {
                self.once(id, || self.parameter_type(node)).unwrap_or(Type::Any)
            }
            SymbolKind::Variable(node) => self
                .once(id, || match node.r#type {
                    Some(declared) => self.described_with(declared, node.decorators),
                    None => self.infer(node.value),
                })
                .unwrap_or(Type::Error),
            SymbolKind::Assignment(node) => {
                self.once(id, || self.infer(node.value)).unwrap_or(Type::Error)
            }
            SymbolKind::Type(node) => self
                .once(id, || self.described_with(node.value, node.decorators))
                .unwrap_or(Type::Any),
            SymbolKind::Resource(resource) => {
                let node = self.bound.resource(resource).syntax;
                if self.resource_type_error(resource) {
                    return Type::Error;
                }
                Type::Resource(resource, node.body().r#for.is_some())
            }
            SymbolKind::Module(node) if self.modules.is_unknown(node.path) => Type::Error,
            SymbolKind::Module(node) => Type::Module(id, node.body().r#for.is_some()),
            SymbolKind::Test(node) if self.modules.interface(node.path).is_none() => Type::Error,
            SymbolKind::Index(_) => Type::Int(Integer {
                minimum: Some(0),
                maximum: Some(GREATEST_INDEX),
                ..Integer::default()
            }),
            SymbolKind::Item(node) => self
                .once(id, || {
                    let over = self.infer(node.expression);
                    over.without_null().unwrap_or(over).item()
                })
                .unwrap_or(Type::Any),
            SymbolKind::Namespace(namespace) => Type::Namespace(namespace),
            SymbolKind::Imported(import, original) => {
                if self.is_missing_import(id) {
                    return Type::Error;
                }
                match self.export(import, original) {
                    Some(Export::Type(kind) | Export::Value(kind)) => kind.clone(),
                    _ => Type::Any,
                }
            }
            SymbolKind::LambdaParameter | SymbolKind::FunctionParameter => {
                self.locals.borrow().get(&id).cloned().unwrap_or(Type::Any)
            }
            _ => Type::Any,
        }
    }

    /// Finds the type of a symbol once; nothing if that needs the type itself.
    pub(super) fn once(&self, id: SymbolId, find: impl FnOnce() -> Type<'a>) -> Option<Type<'a>> {
        if let Some(known) = self.symbols.borrow().get(&id) {
            return known.clone();
        }
        self.symbols.borrow_mut().insert(id, None);
        let found = find();
        self.symbols.borrow_mut().insert(id, Some(found.clone()));
        Some(found)
    }
}

/// The text of a value in a string, if it is known.
fn printed(found: &Type<'_>) -> Option<String> {
    match found {
        Type::String(text) => text.literal.map(str::to_owned),
        Type::Int(number) => number.literal.map(|value| value.to_string()),
        Type::Bool(value, _) => value.map(|value| if value { "True" } else { "False" }.to_owned()),
        _ => None,
    }
}

/// The least and the greatest length of the text of a value.
pub(super) fn printed_length(found: &Type<'_>) -> (i64, Option<i64>) {
    match found {
        Type::String(text) => match text.literal {
            Some(text) => {
                let length = i64::try_from(text.encode_utf16().count()).unwrap_or(0);
                (length, Some(length))
            }
            None => (text.minimum.unwrap_or(0), text.maximum),
        },
        Type::Int(number) => {
            let digits = |value: i64| i64::try_from(value.to_string().len()).unwrap_or(0);
            let low = digits(number.literal.or(number.minimum).unwrap_or(i64::MIN));
            let high = digits(number.literal.or(number.maximum).unwrap_or(i64::MAX));
            let crosses = number.literal.is_none()
                && number.minimum.is_none_or(|value| value < 0)
                && number.maximum.is_none_or(|value| value >= 0);
            (if crosses { 1 } else { low.min(high) }, Some(low.max(high)))
        }
        Type::Bool(..) => (4, Some(5)),
        Type::Array(_) | Type::Object(_) | Type::Discriminated(_) => (2, None),
        Type::Union(members) => {
            let lengths = members.iter().map(printed_length);
            let both = |left: (i64, Option<i64>), right: (i64, Option<i64>)| {
                (left.0.min(right.0), left.1.zip(right.1).map(|(left, right)| left.max(right)))
            };
            lengths.reduce(both).unwrap_or((0, None))
        }
        _ => (0, None),
    }
}
