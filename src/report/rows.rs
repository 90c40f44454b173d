//! `{{#eachReview}}`: a block that is filled with one config after another, in the order of the report.

use std::io;

use handlebars::{
    BlockContext, Context, Handlebars, Helper, HelperDef, HelperResult, Output, RenderContext,
    RenderErrorReason, Renderable as _,
};
use serde_json::Value;

/// The configs of a report. The data of each are made when the block asks for them: those of a large fleet would take
/// more memory than its review.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    /// How many there are.
    pub count: usize,
    /// The data of one of them.
    pub row: &'a (dyn Fn(usize) -> io::Result<Value> + Sync),
}

impl Rows<'_> {
    /// What a template of one config has.
    pub(super) fn none() -> Self {
        Self { count: 0, row: &|_| Ok(Value::Null) }
    }
}

impl HelperDef for Rows<'_> {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        engine: &'reg Handlebars<'reg>,
        data: &'rc Context,
        state: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let Some(template) = helper.template() else { return Ok(()) };
        state.push_block(BlockContext::new());
        for index in 0..self.count {
            let row = (self.row)(index);
            let row = row.map_err(|error| RenderErrorReason::Other(error.to_string()))?;
            if let Some(block) = state.block_mut() {
                block.set_local_var("index", Value::from(index));
                block.set_base_value(row);
            }
            template.render(engine, data, state, out)?;
        }
        state.pop_block();
        Ok(())
    }
}
