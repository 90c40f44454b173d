using './batch.bicep'

param location = 'usgovvirginia'
param tags = {}
param accountName = 'imagerym7q2x'
param poolAllocationMode = 'BatchService'
param storageAccountName = 'imagerystm7q2x'
param network = {
  name: 'imagery-vnet'
  addressSpace: '10.64.0.0/16'
  poolSubnet: '10.64.0.0/20'
  securityGroup: 'imagery-nsg'
  natGateway: 'imagery-nat'
  natAddress: 'imagery-nat-ip'
}
param identityName = 'imagery-pull'
param registryServer = 'imageryacrm7q2x.azurecr.us'
param image = {
  gallery: 'imagery_gallery'
  definition: 'imagery-ubuntu-22.04'
  version: '1.0.0'
}
param nodeAgentSkuId = 'batch.node.ubuntu 22.04'
param pools = {
  detect: {
    id: 'detect'
    vmSize: 'Standard_NC4as_T4_v3'
    autoScaleFormula: '$TargetDedicatedNodes = min(8, max(0, $PendingTasks.GetSample(TimeInterval_Minute * 5)));'
    autoScaleInterval: 'PT15M'
    taskSlotsPerNode: 1
    containerImageNames: [
      'imageryacrm7q2x.azurecr.us/imagery/detect:1.4.0'
    ]
    startTaskCommandLine: '/bin/bash -c \'nvidia-smi\''
  }
}
