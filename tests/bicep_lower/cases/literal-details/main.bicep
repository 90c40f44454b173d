@metadata({})
param described string

@allowed(['S0', 'S1'])
param sku string = 'S0'

@description('not this one')
@sys.description('this one')
param twice string = ''

@export()
@description('the last by name')
var zebra = 1

@export()
var Apple string = 'a'

output pair string = '\u{D801}\u{DC37}'
output tier object = {
  tier: sku.?tier
  numbered: map(['a'], (item, index) => '${item}${index}')
  grouped: groupBy(['a'], item => item, item => described)
  alike: like('abc', 'a*')
  once: distinct([1, 1])
}
