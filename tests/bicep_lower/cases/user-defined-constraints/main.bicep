@validate(x => startsWith(x, 'a'), 'must start with an a')
param first string

type short = {
  @validate(x => length(x) < 4)
  name: string
}

param second short
