//! What validation adds to one config: schemas compiled cold, resources checked warm, a stage expanded.

#![expect(clippy::disallowed_methods, reason = "benchmarks read the examples")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use prebake::arm::{SourceMap, Template};
use prebake::catalog::Date;
use prebake::diagnostic::Diagnostics;
use prebake::expand::{Context, Resource, body_of, expand};
use prebake::pipeline::{self, Input, Tools};
use prebake::schema::{Document, ResourceSchemas, Schema};
use prebake::validate;
use serde_json::{Value, json};

/// The resource types of a full render: registry, builder, image and batch.
const TYPES: [(&str, &str); 17] = [
    ("Microsoft.ContainerRegistry/registries", "2025-11-01"),
    ("Microsoft.ContainerRegistry/registries/tasks", "2025-03-01-preview"),
    ("Microsoft.ContainerRegistry/registries/taskRuns", "2025-03-01-preview"),
    ("Microsoft.ManagedIdentity/userAssignedIdentities", "2024-11-30"),
    ("Microsoft.Authorization/roleAssignments", "2022-04-01"),
    ("Microsoft.Network/virtualNetworks", "2025-05-01"),
    ("Microsoft.Network/networkSecurityGroups", "2025-05-01"),
    ("Microsoft.Network/networkInterfaces", "2025-05-01"),
    ("Microsoft.Network/publicIPAddresses", "2025-05-01"),
    ("Microsoft.Network/natGateways", "2025-05-01"),
    ("Microsoft.Compute/virtualMachines", "2025-11-01"),
    ("Microsoft.Compute/galleries", "2025-03-03"),
    ("Microsoft.Compute/galleries/images", "2025-03-03"),
    ("Microsoft.Compute/galleries/images/versions", "2025-03-03"),
    ("Microsoft.Storage/storageAccounts", "2025-06-01"),
    ("Microsoft.Batch/batchAccounts", "2025-06-01"),
    ("Microsoft.Batch/batchAccounts/pools", "2025-06-01"),
];

const FILES: [Document; 5] = [
    Document::CloudConfig,
    Document::AcrTask,
    Document::BatchPool,
    Document::ArmTemplate,
    Document::ArmParameters,
];

fn pool() -> Value {
    json!({
        "properties": {
            "vmSize": "Standard_NC4as_T4_v3",
            "deploymentConfiguration": { "virtualMachineConfiguration": {
                "imageReference": { "id": "[resourceId('Microsoft.Compute/galleries/images/versions', 'g', 'i', '1.0.0')]" },
                "nodeAgentSkuId": "batch.node.ubuntu 24.04",
                "containerConfiguration": { "type": "DockerCompatible", "containerImageNames": ["r.azurecr.io/a:b"] } } },
            "scaleSettings": { "fixedScale": { "targetDedicatedNodes": 2, "resizeTimeout": "PT15M" } }
        }
    })
}

fn resource(index: usize) -> Resource {
    Resource {
        stage: "batch".into(),
        id: format!("/pools/{index}"),
        kind: "Microsoft.Batch/batchAccounts/pools".to_owned(),
        api_version: "2025-06-01".to_owned(),
        name: format!("account/pool{index}"),
        body: body_of(&pool()),
        depends_on: Vec::new(),
        existing: false,
        pointer: format!("/resources/{index}"),
    }
}

/// What the largest example asks Azure for, stage by stage.
fn example() -> (Vec<Vec<Resource>>, Vec<Template>) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/gpu-preload.yaml");
    let input = Input {
        path: "examples/gpu-preload.yaml".to_owned(),
        bytes: std::fs::read(path).expect("the example"),
        overrides: Vec::new(),
    };
    let tools = Tools::new(Date::parse("2026-11-23").expect("a date"));
    let render = pipeline::render(&input, &tools).render.expect("the example renders");
    let resources = render.stages.iter().map(|stage| stage.resources.clone()).collect();
    (resources, render.stages.into_iter().map(|stage| stage.template).collect())
}

fn check(resources: &[Vec<Resource>], templates: &[Template], schemas: &ResourceSchemas) {
    let mut diagnostics = Diagnostics::new();
    for (resources, template) in resources.iter().zip(templates) {
        validate::resources(black_box(resources), template, schemas, &|_| None, &mut diagnostics);
    }
    assert!(diagnostics.is_empty());
}

fn schemas(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("validate");
    let own = ResourceSchemas::embedded();
    let texts: Vec<(String, String)> = TYPES
        .iter()
        .filter_map(|(kind, version)| own.get(kind, version))
        .chain(FILES.iter().map(|file| file.schema()))
        .map(|schema| (schema.name().to_owned(), schema.text().to_owned()))
        .collect();
    assert_eq!(texts.len(), TYPES.len() + FILES.len());
    let (resources, templates) = example();
    group.bench_function("examples/gpu-preload.yaml, schemas unread (cold)", |bencher| {
        bencher.iter(|| {
            let mut cold = ResourceSchemas::default();
            for (name, text) in &texts[..TYPES.len()] {
                cold.add(name, text.clone());
            }
            check(&resources, &templates, &cold);
        });
    });
    group.bench_function("examples/gpu-preload.yaml (warm)", |bencher| {
        bencher.iter(|| check(&resources, &templates, &own));
    });
    group.bench_function(
        "build every engine of one config (only when something is wrong)",
        |bencher| {
            bencher.iter(|| {
                for (name, text) in &texts {
                    Schema::new(name.as_str(), text.clone()).check().expect("usable");
                }
            });
        },
    );
    for name in [
        "Microsoft.Compute/virtualMachines@2025-11-01",
        "Microsoft.Batch/batchAccounts/pools@2025-06-01",
    ] {
        let (_, text) = texts.iter().find(|(known, _)| known == name).expect("a type of a render");
        group.bench_function(format!("compile {name}"), |bencher| {
            bencher.iter(|| {
                black_box(Schema::new(name, text.clone())).check().expect("usable");
            });
        });
    }
    let pools: Vec<_> = (0..20).map(resource).collect();
    group.bench_function("20 pools (warm)", |bencher| {
        bencher.iter(|| {
            let mut diagnostics = Diagnostics::new();
            validate::resources(
                black_box(&pools),
                &Template::default(),
                &own,
                &|_| None,
                &mut diagnostics,
            );
            assert!(diagnostics.is_empty());
        });
    });
    group.finish();
}

fn expansion(criterion: &mut Criterion) {
    let template = Template {
        json: json!({
            "variables": { "names": "[map(range(0, 20), lambda('i', format('pool{0}', lambdaVariables('i'))))]" },
            "resources": [{ "copy": { "name": "pools", "count": "[length(variables('names'))]" },
                "type": "Microsoft.Batch/batchAccounts/pools", "apiVersion": "2025-06-01",
                "name": "[format('account/{0}', variables('names')[copyIndex()])]",
                "properties": pool()["properties"] }],
        })
        .into(),
        source_map: SourceMap::default(),
    };
    criterion.bench_function("expand 20 pools", |bencher| {
        bencher.iter(|| {
            let mut diagnostics = Diagnostics::new();
            let context = Context::default();
            black_box(expand("batch", &template, &json!({}), &context, &mut diagnostics));
        });
    });
}

criterion_group!(benches, schemas, expansion);
criterion_main!(benches);
