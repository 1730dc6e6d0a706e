[(Decl (FnProto)) (TestDecl)] @scope
[(Block) (ForStatement) (WhileStatement) (IfStatement) (SwitchProng)] @scope.block
(ContainerDecl) @scope.members
(FnProto function: (IDENTIFIER) @local.definition.function)
(FieldOrFnCall (IDENTIFIER) @local.other)
(FieldInit field_member: (IDENTIFIER) @local.other)
(ContainerField field_member: (IDENTIFIER) @local.other)
