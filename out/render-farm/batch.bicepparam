using './batch.bicep'

param location = 'westeurope'
param tags = {
  team: 'visual-effects'
}
param accountName = 'renderfarm68b903bc'
param poolAllocationMode = 'BatchService'
param storageAccountName = 'renderfarmst68b903bc'
param network = {
  name: 'render-farm-vnet'
  addressSpace: '10.64.0.0/16'
  poolSubnet: '10.64.0.0/20'
  securityGroup: 'render-farm-nsg'
  natGateway: 'render-farm-nat'
  natAddress: 'render-farm-nat-ip'
}
param identityName = 'render-farm-pull'
param registryServer = 'renderfarmacr68b903bc.azurecr.io'
param image = {
  gallery: 'render_farm_gallery'
  definition: 'render-farm-almalinux-9'
  version: '1.2.0'
}
param nodeAgentSkuId = 'batch.node.el 9'
param pools = {
  render: {
    id: 'render'
    vmSize: 'Standard_NC4as_T4_v3'
    autoScaleFormula: '$samples = $PendingTasks.GetSamplePercent(TimeInterval_Minute * 5);\n$tasks = $samples < 70 ? max(0, $PendingTasks.GetSample(1)) : avg($PendingTasks.GetSample(TimeInterval_Minute * 5));\n$TargetDedicatedNodes = min(20, $tasks);\n$NodeDeallocationOption = taskcompletion;\n'
    autoScaleInterval: 'PT5M'
    taskSlotsPerNode: 1
    containerImageNames: [
      'renderfarmacr68b903bc.azurecr.io/render/blender:4.2.3'
    ]
  }
}
