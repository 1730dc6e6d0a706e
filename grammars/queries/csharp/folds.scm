[
  (declaration_list) (block) (enum_member_declaration_list) (accessor_list) (switch_body) (switch_section) (argument_list)
  (parameter_list) (initializer_expression) (attribute_list) (preproc_if)
] @fold
(using_directive) @fold.imports
(comment) @fold.comment
[(preproc_region) (preproc_endregion)] @fold.region
