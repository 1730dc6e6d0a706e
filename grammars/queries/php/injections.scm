(heredoc identifier: (_) @injection.language value: (heredoc_body) @injection.content)
[(encapsed_string) (string)] @injection.string
