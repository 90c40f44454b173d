use super::document::{Document, Line, spread};
use super::tokens::{Bracket, Layout, surrounded};
use crate::bicep::lexer::TokenKind;
use crate::bicep::syntax::{
    ArrayItemSyntax, ArraySyntax, ExpressionSyntax, ForSyntax, LambdaSyntax, ObjectItemSyntax,
    ObjectKeySyntax, ObjectSyntax, TernaryOperationSyntax,
};
use crate::diagnostic::Span;

/// Arguments between parentheses, of a call or a declaration.
const ARGUMENTS: Bracket = Bracket {
    separator: Line::OrSpace,
    padding: Line::OrNothing,
    broken: false,
    indents_single: true,
};

impl<'a> Layout<'a> {
    pub(super) fn expression(&mut self, node: ExpressionSyntax<'a>) -> Document<'a> {
        match node {
            ExpressionSyntax::String(node) => self.string(node.span),
            ExpressionSyntax::Integer(_)
            | ExpressionSyntax::Boolean(_)
            | ExpressionSyntax::Null(_)
            | ExpressionSyntax::None(_)
            | ExpressionSyntax::Variable(_) => self.one(),
            ExpressionSyntax::Array(node) => self.array(node),
            ExpressionSyntax::Object(node) => self.object(node),
            ExpressionSyntax::FunctionCall(node) => {
                let name = self.one();
                Document::Glue(vec![name, self.arguments(node.arguments)])
            }
            ExpressionSyntax::InstanceFunctionCall(node) => {
                let base = self.expression(node.base);
                let (dot, name) = (self.one(), self.one());
                Document::Glue(vec![base, dot, name, self.arguments(node.arguments)])
            }
            ExpressionSyntax::PropertyAccess(node) => {
                let base = self.expression(node.base);
                let signs = if node.safe { 3 } else { 2 };
                self.glued(base, signs)
            }
            ExpressionSyntax::ArrayAccess(node) => {
                let base = self.expression(node.base);
                let signs = 1 + usize::from(node.safe) + usize::from(node.from_end);
                let open = self.glued(base, signs);
                let index = self.expression(node.index);
                Document::Glue(vec![open, index, self.one()])
            }
            ExpressionSyntax::ResourceAccess(node) => {
                let base = self.expression(node.base);
                self.glued(base, 2)
            }
            ExpressionSyntax::NonNullAssertion(node) => {
                let base = self.expression(node.base);
                self.glued(base, 1)
            }
            ExpressionSyntax::Unary(node) => {
                Document::Glue(vec![self.one(), self.expression(node.operand)])
            }
            ExpressionSyntax::Binary(node) => {
                let left = self.expression(node.left);
                let operator = self.one();
                spread(vec![left, operator, self.expression(node.right)])
            }
            ExpressionSyntax::Ternary(node) => self.ternary(node),
            ExpressionSyntax::Parenthesized(node) => self.parenthesized(node.expression),
            ExpressionSyntax::Lambda(node) => self.lambda(node),
            ExpressionSyntax::For(node) => self.for_loop(node),
            ExpressionSyntax::If(node) => {
                let keyword = self.one();
                let condition = self.expression(node.condition);
                spread(vec![keyword, condition, self.expression(node.body)])
            }
            ExpressionSyntax::Skipped(_) => self.unexplained(),
        }
    }

    /// Nothing, where the tree has nothing to tell.
    pub(super) fn unexplained(&mut self) -> Document<'a> {
        self.lost = true;
        Document::text("")
    }

    /// A part and so many tokens after it.
    fn glued(&mut self, base: Document<'a>, tokens: usize) -> Document<'a> {
        let mut parts = vec![base];
        for _ in 0..tokens {
            parts.push(self.one());
        }
        Document::Glue(parts)
    }

    /// A string as it is written, with all in its holes.
    pub(super) fn string(&mut self, span: Span) -> Document<'a> {
        let first = self.at;
        let last = self.token_at(span.end).max(first + 1) - 1;
        self.at = last + 1;
        let text = Document::Text(self.with_line_ends(&self.text[span.range()]));
        let leading = self.leading(first);
        let (trailing, suffix) = self.trailing(last);
        surrounded(text, leading, trailing, suffix)
    }

    pub(super) fn starts_with_new_line(&self) -> bool {
        self.tokens.get(self.at + 1).is_some_and(|token| token.kind == TokenKind::NewLine)
    }

    /// Items with the line ends and commas between them.
    pub(super) fn items<T: Copy>(
        &mut self,
        items: &[T],
        mut item: impl FnMut(&mut Self, T) -> Vec<Document<'a>>,
    ) -> Vec<Document<'a>> {
        let mut documents = self.separators();
        for next in items {
            documents.extend(item(self, *next));
            documents.extend(self.separators());
        }
        documents
    }

    fn array(&mut self, node: &ArraySyntax<'a>) -> Document<'a> {
        let bracket = Bracket {
            separator: Line::OrCommaSpace,
            padding: Line::OrNothing,
            broken: self.starts_with_new_line() && !node.items.is_empty(),
            indents_single: true,
        };
        self.bracket(bracket, |layout| {
            layout.items(node.items, |layout, item| match item {
                ArrayItemSyntax::Value(value) => vec![layout.expression(value)],
                ArrayItemSyntax::Spread(node) => vec![layout.spread_item(node.expression)],
            })
        })
    }

    fn spread_item(&mut self, value: ExpressionSyntax<'a>) -> Document<'a> {
        Document::Glue(vec![self.one(), self.expression(value)])
    }

    pub(super) fn object(&mut self, node: &ObjectSyntax<'a>) -> Document<'a> {
        let bracket = Bracket {
            separator: Line::OrCommaSpace,
            padding: Line::OrSpace,
            broken: self.starts_with_new_line() && node.properties().next().is_some(),
            indents_single: true,
        };
        self.bracket(bracket, |layout| layout.items(node.items, Self::object_item))
    }

    fn object_item(&mut self, item: ObjectItemSyntax<'a>) -> Vec<Document<'a>> {
        match item {
            ObjectItemSyntax::Property(node) => {
                let key = self.key(node.key);
                vec![spread(vec![key, self.expression(node.value)])]
            }
            ObjectItemSyntax::Spread(node) => vec![self.spread_item(node.expression)],
            ObjectItemSyntax::Resource(node) => self.resource(node),
            ObjectItemSyntax::Missing(_) | ObjectItemSyntax::Skipped(_) => {
                vec![self.unexplained()]
            }
        }
    }

    /// A key with its colon.
    pub(super) fn key(&mut self, key: ObjectKeySyntax<'a>) -> Document<'a> {
        let key = match key {
            ObjectKeySyntax::String(node) => self.string(node.span),
            // `*`, of a type, is a token as well.
            ObjectKeySyntax::Identifier(_) | ObjectKeySyntax::Skipped(_) => self.one(),
        };
        Document::Glue(vec![key, self.one()])
    }

    /// The arguments of a call with their parentheses.
    fn arguments(&mut self, arguments: &[ExpressionSyntax<'a>]) -> Document<'a> {
        // What breaks inside the last argument does not break the arguments.
        let mut tail = self.tail(arguments);
        let bracket = Bracket { indents_single: false, ..ARGUMENTS };
        self.bracket(bracket, |layout| {
            layout.comma_separated(arguments, |layout, argument, last| {
                match tail.take_if(|_| last) {
                    Some((document, after)) => {
                        layout.at = after;
                        document
                    }
                    None => layout.expression(argument),
                }
            })
        })
    }

    /// Items whose commas stay with the item before them.
    pub(super) fn comma_separated<T: Copy>(
        &mut self,
        items: &[T],
        mut item: impl FnMut(&mut Self, T, bool) -> Document<'a>,
    ) -> Vec<Document<'a>> {
        let mut documents = self.separators();
        for (index, next) in items.iter().enumerate() {
            let last = index + 1 == items.len();
            let document = item(self, *next, last);
            documents.push(if last {
                document
            } else {
                Document::Glue(vec![document, Document::text(",")])
            });
            documents.extend(self.separators());
        }
        documents
    }

    /// The last of many arguments and the token after it, if it is an object, an array or a lambda with one.
    fn tail(&mut self, arguments: &[ExpressionSyntax<'a>]) -> Option<(Document<'a>, usize)> {
        let [_, .., last] = arguments else { return None };
        let (body, is_lambda) = match last {
            ExpressionSyntax::Lambda(node) => (node.body, true),
            other => (*other, false),
        };
        if !matches!(body, ExpressionSyntax::Object(_) | ExpressionSyntax::Array(_)) {
            return None;
        }
        let after = self.token_at(body.span().end);
        if self.has_trailing_line_comment(after.checked_sub(1)?) {
            return None;
        }
        let first = self.token_at(last.span().start);
        let here = std::mem::replace(&mut self.at, first);
        let mut document = self.expression(*last);
        let after = std::mem::replace(&mut self.at, here);
        if let Document::Glue(parts) = &mut document {
            if !is_lambda {
                document = Document::Tail(std::mem::take(parts));
            } else if let Some(Document::Glue(inner)) = parts.last_mut() {
                let inner = std::mem::take(inner);
                parts.pop();
                parts.push(Document::Tail(inner));
            }
        }
        Some((document, after))
    }

    fn parenthesized(&mut self, inside: ExpressionSyntax<'a>) -> Document<'a> {
        let open = self.one();
        self.new_lines();
        let inside = self.expression(inside);
        self.new_lines();
        Document::Glue(vec![open, inside, self.one()])
    }

    fn ternary(&mut self, node: &TernaryOperationSyntax<'a>) -> Document<'a> {
        self.indented(false, |layout| {
            let mut parts = vec![layout.expression(node.condition)];
            for value in [node.when_true, node.when_false] {
                parts.extend(layout.new_lines());
                let sign = layout.one();
                let value = Document::Indent(vec![layout.expression(value)]);
                parts.push(spread(vec![sign, value]));
            }
            parts
        })
    }

    fn lambda(&mut self, node: &LambdaSyntax<'a>) -> Document<'a> {
        let names = if self.is(TokenKind::LeftParen) {
            self.bracket(ARGUMENTS, |layout| {
                layout.comma_separated(node.parameters, |layout, _, _| layout.one())
            })
        } else {
            self.one()
        };
        let arrow = self.one();
        let body = if self.keeps_line_of_arrow(node.body) {
            self.new_lines();
            self.expression(node.body)
        } else {
            self.indented(true, |layout| layout.body_parts(node.body))
        };
        spread(vec![names, arrow, body])
    }

    /// Whether the body after an arrow stands on the arrow's line in any case.
    pub(super) fn keeps_line_of_arrow(&self, body: ExpressionSyntax<'a>) -> bool {
        let is_bracketed = matches!(body, ExpressionSyntax::Object(_) | ExpressionSyntax::Array(_));
        let new_lines =
            self.tokens[self.at..].iter().take_while(|it| it.kind == TokenKind::NewLine);
        let count = new_lines.count();
        is_bracketed && !(self.at..self.at + count).any(|index| self.has_leading(index))
    }

    pub(super) fn body_parts(&mut self, body: ExpressionSyntax<'a>) -> Vec<Document<'a>> {
        let mut parts = self.new_lines();
        parts.push(self.expression(body));
        parts
    }

    fn for_loop(&mut self, node: &ForSyntax<'a>) -> Document<'a> {
        let bracket = Bracket { separator: Line::OrNothing, ..ARGUMENTS };
        self.bracket(bracket, |layout| {
            let mut parts = layout.new_lines();
            let keyword = layout.one();
            let names = layout.loop_names();
            let word = layout.one();
            let expression = layout.expression(node.expression);
            let expression = Document::Glue(vec![expression, layout.one()]);
            let body = layout.expression(node.body);
            parts.push(spread(vec![keyword, names, word, expression, body]));
            parts.extend(layout.new_lines());
            parts
        })
    }

    /// `item` or `(item, index)`, which stands on one line.
    fn loop_names(&mut self) -> Document<'a> {
        if !self.is(TokenKind::LeftParen) {
            return self.one();
        }
        let names = self.bracket(ARGUMENTS, |layout| {
            layout.comma_separated(&[(), ()], |layout, (), _| layout.one())
        });
        if matches!(names, Document::Group(_)) { names.flattened() } else { names }
    }
}
