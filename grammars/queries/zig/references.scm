(IDENTIFIER) @reference
(FieldOrFnCall function_call: (IDENTIFIER) @reference.call)
(SuffixExpr variable_type_function: (IDENTIFIER) @reference.call . (FnCallArguments))
(VarDecl variable_type_function: (IDENTIFIER) @declaration)
(ParamDecl parameter: (IDENTIFIER) @declaration)
(ContainerField field_member: (IDENTIFIER) @declaration)
(PtrListPayload variable: (IDENTIFIER) @declaration)
(PtrPayload variable: (IDENTIFIER) @declaration)
(Payload variable: (IDENTIFIER) @declaration)
