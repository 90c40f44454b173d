param place string = 'x'
param nested string = 'x'
param items array = []
param names array = []
output all array = [place, nested, items, names]
