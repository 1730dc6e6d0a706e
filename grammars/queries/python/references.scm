; @reference is each identifier, @reference.call one that is called. What @declaration captures,
; and the names of definitions, are left out afterwards, and so is @none.
(identifier) @reference
(call function: [(identifier) @reference.call (attribute attribute: (identifier) @reference.call)])
(decorator [(identifier) @reference.call (attribute attribute: (identifier) @reference.call)])
(parameters [(identifier) @declaration (_ . (identifier) @declaration) (_ . (_ . (identifier) @declaration))])
(lambda_parameters [(identifier) @declaration (_ . (identifier) @declaration)])
(aliased_import alias: (identifier) @declaration)
