use super::tables::LIFECYCLES as TABLE;

/// How long a resource lasts once it is deployed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Lifecycle {
    /// Until somebody deletes it.
    Lasting,
    /// As long as one bake: the deployment removes it when the image is captured.
    OneBake,
}

/// The lifecycle of the resources of a stage.
pub fn lifecycle(stage: &str) -> Lifecycle {
    match TABLE.find(stage).map(|row| row.cells::<2>()[1]) {
        Some("bake") => Lifecycle::OneBake,
        _ => Lifecycle::Lasting,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_known_lifecycle() {
        for row in TABLE.rows() {
            let [stage, lifecycle] = row.cells();
            assert!(matches!(lifecycle, "bake" | "lasting"), "{stage}");
        }
    }

    #[test]
    fn a_builder_lasts_one_bake_and_a_pool_does_not() {
        assert_eq!(lifecycle("builder"), Lifecycle::OneBake);
        assert_eq!(lifecycle("batch"), Lifecycle::Lasting);
    }
}
