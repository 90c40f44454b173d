using './batch.bicep'

param location = 'westus3'
param tags = {}
param accountName = 'training19a84d86'
param poolAllocationMode = 'BatchService'
param storageAccountName = 'trainingst19a84d86'
param network = {
  name: 'training-vnet'
  addressSpace: '10.64.0.0/16'
  poolSubnet: '10.64.0.0/20'
  securityGroup: 'training-nsg'
  natGateway: 'training-nat'
  natAddress: 'training-nat-ip'
}
param identityName = 'training-pull'
param registryServer = 'trainingacr19a84d86.azurecr.io'
param image = {
  gallery: 'training_gallery'
  definition: 'training-ubuntu-24.04'
  version: '3.1.0'
}
param nodeAgentSkuId = 'batch.node.ubuntu 24.04'
param pools = {
  dev: {
    id: 'dev'
    vmSize: 'Standard_NC4as_T4_v3'
    dedicatedNodes: 1
    taskSlotsPerNode: 1
    containerImageNames: [
      'trainingacr19a84d86.azurecr.io/training/llm:0.9.2'
    ]
    metadata: [
      {
        name: 'stage'
        value: 'development'
      }
    ]
  }
  test: {
    id: 'test'
    vmSize: 'Standard_NC8as_T4_v3'
    autoScaleFormula: '$tasks = max(0, $PendingTasks.GetSample(1));\n$TargetDedicatedNodes = min(4, $tasks);\n$NodeDeallocationOption = taskcompletion;\n'
    autoScaleInterval: 'PT5M'
    taskSlotsPerNode: 1
    containerImageNames: [
      'trainingacr19a84d86.azurecr.io/training/llm:0.9.2'
    ]
    metadata: [
      {
        name: 'stage'
        value: 'test'
      }
    ]
  }
  prod: {
    id: 'prod'
    vmSize: 'Standard_NC64as_T4_v3'
    dedicatedNodes: 8
    resizeTimeout: 'PT30M'
    taskSlotsPerNode: 4
    containerImageNames: [
      'trainingacr19a84d86.azurecr.io/training/llm:0.9.2'
    ]
    startTaskCommandLine: '/bin/bash -c \'nvidia-smi --query-gpu=name,driver_version --format=csv\''
    metadata: [
      {
        name: 'stage'
        value: 'production'
      }
    ]
  }
}
