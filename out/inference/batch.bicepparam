using './batch.bicep'

param accountName = 'inferencebatch'
param subnetId = '/subscriptions/7d2f2ad5-5e52-4a2f-8f4b-3c8c2f1f9a11/resourceGroups/network-hub/providers/Microsoft.Network/virtualNetworks/hub/subnets/batch'
param identityName = 'inference-pull'
param registryServer = 'contosoplatform.azurecr.io'
param image = {
  gallery: 'inference_gallery'
  definition: 'inference-ubuntu-24.04'
  version: '2.0.1'
}
param nodeAgentSkuId = 'batch.node.ubuntu 24.04'
param pools = {
  triton: {
    id: 'triton-e02d0540'
    vmSize: 'Standard_NC24ads_A100_v4'
    dedicatedNodes: 2
    taskSlotsPerNode: 1
    containerImageNames: [
      'contosoplatform.azurecr.io/inference/triton@sha256:4a1c4b21597c1b4415bdbecb28a3296c6b5e23ca4f9feeb599860a1dac6a0108'
    ]
    startTaskCommandLine: '/bin/bash -c \'nvidia-smi && df -h /\''
    startTaskEnvironment: [
      {
        name: 'STAGE'
        value: 'production'
      }
    ]
    metadata: [
      {
        name: 'prebake-pool'
        value: 'triton'
      }
    ]
  }
}
