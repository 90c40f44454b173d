//! Keeps a team's own report template within bounds: every pass of a loop pays a toll, what is written is
//! counted (see `written`), and what could call itself is refused.

use std::sync::atomic::{AtomicUsize, Ordering};

use handlebars::template::{HelperTemplate, Parameter, TemplateElement};
use handlebars::{
    Context, Handlebars, Helper, HelperResult, Output, RenderContext, RenderErrorReason, Template,
    TemplateError,
};

/// How many passes the loops of a template make each time it is used.
const MAX_PASSES: usize = 1_000_000;
/// How much a template may write each time it is used.
pub(super) const MAX_REPORT: usize = 64 << 20;
/// How much the parts of all configs may hold together.
pub(super) const MAX_PARTS: usize = 1 << 30;
/// How deep blocks stand in one another.
const MAX_BLOCKS: usize = 100;
/// How deep calls stand in one another, as in `{{md (line a (line b c))}}`.
const MAX_CALLS: usize = 8;

const TOLL: &str = "prebakePass";

/// A line of a template, and why it is refused there.
pub(super) type Refused = (usize, &'static str);

/// Registers the toll.
pub(super) fn register(engine: &mut Handlebars) {
    let passes = AtomicUsize::new(0);
    let toll = move |_: &Helper,
                     _: &Handlebars,
                     _: &Context,
                     _: &mut RenderContext,
                     _: &mut dyn Output|
          -> HelperResult {
        if passes.fetch_add(1, Ordering::Relaxed) < MAX_PASSES {
            return Ok(());
        }
        let limit = format!("its loops run more than {MAX_PASSES} times");
        Err(RenderErrorReason::Other(limit).into())
    };
    engine.register_helper(TOLL, Box::new(toll));
}

/// Lays the toll into every loop of a template.
pub(super) fn lay(template: &mut Template) -> Result<Result<(), Refused>, TemplateError> {
    let toll = Template::compile(&format!("{{{{{TOLL}}}}}"))?;
    Ok(blocks(template, &toll, MAX_BLOCKS))
}

fn blocks(template: &mut Template, toll: &Template, left: usize) -> Result<(), Refused> {
    for (index, element) in template.elements.iter_mut().enumerate() {
        let line = template.mapping.get(index).map_or(1, |mapping| mapping.0);
        match element {
            TemplateElement::HelperBlock(block) => {
                let below = left.checked_sub(1).ok_or((line, "blocks are nested too deeply"))?;
                calls(block, MAX_CALLS).map_err(|why| (line, why))?;
                let passes = !matches!(block.name.as_name(), Some("if" | "unless" | "with"));
                for inner in [&mut block.template, &mut block.inverse].into_iter().flatten() {
                    blocks(inner, toll, below)?;
                    if passes {
                        inner.elements.splice(0..0, toll.elements.iter().cloned());
                        inner.mapping.splice(0..0, toll.mapping.iter().cloned());
                        inner.mapping.iter_mut().take(1).for_each(|mapping| mapping.0 = line);
                    }
                }
            }
            TemplateElement::Expression(call) | TemplateElement::HtmlExpression(call) => {
                calls(call, MAX_CALLS).map_err(|why| (line, why))?;
            }
            TemplateElement::RawString(_) | TemplateElement::Comment(_) => {}
            _ => return Err((line, "partials are not supported")),
        }
    }
    Ok(())
}

fn calls(call: &HelperTemplate, left: usize) -> Result<(), &'static str> {
    for parameter in call.params.iter().chain(call.hash.values()) {
        let Parameter::Subexpression(inner) = parameter else { continue };
        let below = left.checked_sub(1).ok_or("calls are nested too deeply")?;
        if let TemplateElement::Expression(inner) = inner.as_element() {
            calls(inner, below)?;
        }
    }
    Ok(())
}
