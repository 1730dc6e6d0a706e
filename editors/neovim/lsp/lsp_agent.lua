-- Found by Neovim 0.11 and newer when this folder is in 'runtimepath'; then:
--   vim.lsp.enable("lsp_agent")
-- No filetypes: it serves every buffer that is a file.
return {
  cmd = { "lsp-agent", "serve", "--stdio" },
  root_markers = { "lsp-agent.toml", ".git", "pyproject.toml", "package.json", "Cargo.toml", "go.mod" },
  -- What config.toml can hold, under lspAgent; see: lsp-agent config schema
  settings = { lspAgent = vim.empty_dict() },
}
