[(Block) (ContainerDecl) (FnCallArguments) (ParamDeclList) (InitList) (SwitchExpr) (ErrorSetDecl)] @fold
[(line_comment) (doc_comment) (container_doc_comment)] @fold.comment
