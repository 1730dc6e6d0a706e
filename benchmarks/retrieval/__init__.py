"""How well a commit's message finds the files that the commit changed, beside plain BM25."""
