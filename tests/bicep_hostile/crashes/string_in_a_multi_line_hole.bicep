output a string = $'''${b 'c${d}é€'}'''
