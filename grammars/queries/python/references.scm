; @reference is each identifier; @reference.call one that is called. The names of definitions,
; and what @declaration captures, are left out afterwards.
(identifier) @reference
(call function: [(identifier) @reference.call (attribute attribute: (identifier) @reference.call)])
