param c bool
param n int

module one 'inner.bicep' = if (c) {
  name: 'one'
  params: { p: 'a' }
}

module two 'inner.bicep' = {
  name: 'two'
  params: { p: 'b' }
}

module many 'inner.bicep' = [for i in range(0, n): {
  params: { p: '${i}' }
}]

var alias = two

output throughVariable string = alias.outputs.out
output throughCondition string = (c ? one : two).outputs.out
output throughLambda array = map(many, m => m.outputs.out)
output throughLoop array = [for m in many: m.outputs.out]
output throughFunction string = first(many)!.outputs.out
output defaultName string = many[0].name
output safeModule string? = one.?outputs.out
output safeBoth string? = one.?outputs.?out
output safeOutput string? = two.outputs.?out
output safeName string? = one.?name

@secure()
output secret string? = one.?outputs.hidden

@secure()
output secrets object = two.outputs
