use serde_json::{Map, Value};

use super::at::At;
use super::scope::TemplateScope;
use super::session::MOST_TURNS;
use crate::arm::evaluate::{Evaluated, Evaluator, Locals, Properties, properties_for};
use crate::diagnostic::Diagnostic;

/// How often a loop runs.
pub(super) enum Turns {
    Known(i64),
    /// Only Azure knows.
    Open,
}

impl TemplateScope<'_> {
    /// Evaluates a value with its `copy` loops; problems are reported at their own places.
    pub(super) fn value(
        &self,
        evaluator: &Evaluator<'_>,
        value: &Value,
        at: At<'_>,
        locals: &Locals<'_>,
    ) -> Evaluated {
        match value {
            Value::Array(items) => {
                let items = items.iter().enumerate();
                Evaluated::Array(
                    items
                        .map(|(index, item)| self.value(evaluator, item, at.item(index), locals))
                        .collect(),
                )
            }
            Value::Object(map) => Evaluated::Object(self.object(evaluator, map, at, locals)),
            Value::String(text) => {
                let evaluated = evaluator.text(text, locals);
                self.session.report_problems(evaluator.take_problems(), at);
                evaluated
            }
            plain => Evaluated::from_plain(plain),
        }
    }

    fn object(
        &self,
        evaluator: &Evaluator<'_>,
        map: &Map<String, Value>,
        at: At<'_>,
        locals: &Locals<'_>,
    ) -> Properties {
        let mut properties = properties_for(map.len());
        for (key, value) in map {
            let at = at.key(key);
            let Some(loops) = loops(key, value) else {
                let name = evaluator.key(key, locals);
                properties.insert(name, self.value(evaluator, value, at, locals));
                continue;
            };
            for (index, turn) in loops.iter().enumerate() {
                let name = turn.get("name").and_then(Value::as_str).unwrap_or_default();
                let items = self.looped_value(evaluator, turn, at.item(index), locals);
                properties.insert(name.to_owned(), items);
            }
        }
        properties
    }

    /// The array that one `copy` loop makes of its `input`.
    pub(super) fn looped_value(
        &self,
        evaluator: &Evaluator<'_>,
        turn: &Value,
        at: At<'_>,
        locals: &Locals<'_>,
    ) -> Evaluated {
        let name = turn.get("name").and_then(Value::as_str).unwrap_or_default();
        let input = turn.get("input").unwrap_or(&Value::Null);
        let input_at = at.key("input");
        match self.turns(evaluator, turn.get("count"), at, locals) {
            Turns::Known(count) => {
                let turns = (0..count).map(|index| {
                    let inner = locals.with_loop(name, Some(index));
                    self.value(evaluator, input, input_at, &inner)
                });
                Evaluated::Array(turns.collect())
            }
            // One item stands for however many there will be.
            Turns::Open => {
                let inner = locals.with_loop(name, None);
                Evaluated::Array(vec![self.value(evaluator, input, input_at, &inner)])
            }
        }
    }

    /// How often a loop runs; a count that Azure would refuse is reported.
    pub(super) fn turns(
        &self,
        evaluator: &Evaluator<'_>,
        count: Option<&Value>,
        at: At<'_>,
        locals: &Locals<'_>,
    ) -> Turns {
        let at = at.key("count");
        let count = count.map(|count| self.value(evaluator, count, at, locals));
        let title = match count {
            Some(Evaluated::Integer(count)) if (0..=MOST_TURNS).contains(&count) => {
                return Turns::Known(count);
            }
            Some(Evaluated::Symbolic(_)) => return Turns::Open,
            Some(Evaluated::Integer(count)) => format!("this loop runs {count} times"),
            Some(other) => format!("the count of this loop is {}", other.type_name()),
            None => "this loop has no count".to_owned(),
        };
        let finding = Diagnostic::error("PB3003", title)
            .reason(format!("Azure allows 0 to {MOST_TURNS} iterations"))
            .help(format!("use a count from 0 to {MOST_TURNS}"));
        self.session.report(finding, &at.to_string(), "the count");
        Turns::Open
    }
}

/// The loops of a `copy` property; an ordinary property of that name is none.
fn loops<'v>(key: &str, value: &'v Value) -> Option<&'v [Value]> {
    let items = value.as_array().filter(|_| key == "copy")?;
    let is_loop = |item: &Value| {
        item.get("name").is_some() && item.get("count").is_some() && item.get("input").is_some()
    };
    items.iter().all(is_loop).then_some(items.as_slice())
}
