((SuffixExpr (BUILTINIDENTIFIER) @_name (FnCallArguments (ErrorUnionExpr (SuffixExpr (STRINGLITERALSINGLE) @import.module)))) @import
  (#any-of? @_name "@import" "@cImport" "@embedFile"))
((VarDecl variable_type_function: (IDENTIFIER) @import.alias (ErrorUnionExpr (SuffixExpr (BUILTINIDENTIFIER) @_name) @import))
  (#eq? @_name "@import"))
