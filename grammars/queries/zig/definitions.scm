(Decl (FnProto function: (IDENTIFIER) @name (ParamDeclList) @parameters) (Block)? @body) @definition.function
; A type is a constant whose value is a container.
(Decl (VarDecl variable_type_function: (IDENTIFIER) @name (ErrorUnionExpr (SuffixExpr (ContainerDecl (ContainerDeclType . "enum")) @body)))) @definition.enum
(Decl (VarDecl variable_type_function: (IDENTIFIER) @name (ErrorUnionExpr (SuffixExpr (ContainerDecl) @body)))) @definition.struct
(Decl (VarDecl variable_type_function: (IDENTIFIER) @name (ErrorUnionExpr (SuffixExpr (ErrorSetDecl) @body)))) @definition.enum
(Decl (VarDecl "const" variable_type_function: (IDENTIFIER) @name)) @definition.constant
(Decl (VarDecl variable_type_function: (IDENTIFIER) @name)) @definition.variable
(ContainerDecl (ContainerDeclType . "enum") (ContainerField (ErrorUnionExpr (SuffixExpr . variable_type_function: (IDENTIFIER) @name .))) @definition.enum_member)
(ContainerField field_member: (IDENTIFIER) @name) @definition.field
(ErrorSetDecl field_constant: (IDENTIFIER) @name @definition.enum_member)
(TestDecl [(STRINGLITERALSINGLE) (IDENTIFIER)] @name (Block) @body) @definition.function
