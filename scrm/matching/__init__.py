"""Which contact a profile belongs to: keys make pairs worth scoring, rules give evidence, a model weighs it.

Everything a rule needs is in its arguments: normalize, views, keys, rules, model, score and evaluate never touch
a database, so the same code answers online, in a backfill and in a test.
"""
