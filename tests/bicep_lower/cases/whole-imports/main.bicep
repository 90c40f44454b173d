import * as shared from 'shared.bicep'
import { twice as double } from 'other.bicep'

func own(x int) int => x

param size shared.size

output sum int = double(shared.half(own(4)))
