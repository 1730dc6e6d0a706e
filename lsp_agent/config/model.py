"""The settings, as typed models. Field descriptions are the documentation and the JSON Schema."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Url = Annotated[str, Field(pattern=r"^https?://")]
CacheType = Literal["f32", "f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0"]


class Section(BaseModel):
    """The base of all sections: no unknown keys, no changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class LoraSettings(Section):
    """A LoRA adapter: small weights that are added to a model's own."""

    path: str = Field(description="the adapter's GGUF file")
    scale: float = Field(1.0, description="how strongly it is added; 1 is as it was trained")


class LlamaSettings(Section):
    """A model hosted on this machine by llama.cpp."""

    kind: Literal["llama-cpp"] = "llama-cpp"
    model: str = Field("embedded", description="catalogue name, path of a GGUF file, or `embedded`")
    n_gpu_layers: int = Field(-1, ge=-1, description="layers on the GPU; -1: all that fit, 0: none")
    n_ctx: int = Field(16384, ge=256, description="context in tokens; lowered to the model's own")
    n_batch: int = Field(2048, ge=32, description="most tokens that one decode call takes")
    n_ubatch: int = Field(512, ge=32, description="tokens evaluated between two cancel checks")
    n_threads: int | None = Field(
        None, ge=1, description="default: the physical cores, 1 for a tiny model"
    )
    n_seq_max: int | None = Field(
        None, ge=1, le=64, description="sequences kept in memory; default: 16, 4 for recurrent"
    )
    drafts: bool = Field(True, description="draft what an answer repeats; changes no greedy answer")
    draft_model: str | None = Field(
        None, description="small model of the same vocabulary that drafts answers; name or path"
    )
    swa_full: bool = Field(
        False, description="keep all of a sliding window's layers: more memory, any rollback"
    )
    flash_attn: Literal["auto", "on", "off"] = Field("auto", description="flash attention")
    type_k: CacheType = Field("f16", description="number format of cached keys")
    type_v: CacheType = Field("f16", description="number format of cached values")
    n_cpu_moe: Annotated[int, Field(ge=0)] | Literal["auto"] = Field(
        "auto",
        description="layers whose experts stay on the CPU; auto: as many as the GPU can't hold",
    )
    main_gpu: int = Field(0, ge=0, description="the GPU that holds what is not split")
    split_mode: Literal["none", "layer", "row"] = Field(
        "layer", description="several GPUs share whole layers, rows, or only main_gpu works"
    )
    tensor_split: list[float] | None = Field(None, description="share of the model on each GPU")
    lora: list[LoraSettings] = Field([], description="LoRA adapters that are added to the model")
    chat_template: str | None = Field(None, description="Jinja template instead of the model's")
    isolation: Literal["thread", "process", "shared"] = Field(
        "thread",
        description="where the model lives: a thread of the server; a process of its own, started "
        "anew when it dies; or one process for all windows of this user",
    )


class OpenAISettings(Section):
    """Any OpenAI-compatible server: vLLM, llama-server, SGLang, Ollama, LM Studio, Groq."""

    kind: Literal["openai"]
    base_url: Url = Field(description="up to and including `/v1`")
    base_urls: list[Url] = Field(
        [],
        description="further servers of the same model, besides `base_url` or instead of it: the "
        "least busy one is asked, the next one where it fails",
    )
    model: str = Field(description="the model's name on that server")
    api_key_env: str | None = Field(None, description="name of the variable that holds the key")
    n_ctx: int = Field(32768, ge=256, description="context in tokens, as the server has it")
    timeout: float = Field(120.0, gt=0, description="seconds without a byte before giving up")
    connect_timeout: float = Field(10.0, gt=0, description="seconds to connect")
    max_retries: int = Field(3, ge=0, le=10, description="tries after the first one")
    max_concurrency: int = Field(4, ge=1, description="requests under way at once")
    requests_per_minute: int | None = Field(
        None, ge=1, description="most requests in a minute, tries included; default: no limit"
    )
    grammar: bool = Field(False, description="the server takes GBNF as `grammar` (llama-server)")
    native_tools: bool = Field(
        True, description="the server takes `tools`; false: calls are asked for as text"
    )

    @model_validator(mode="before")
    @classmethod
    def _first_url(cls, values: Any) -> Any:
        """Let ``base_urls`` stand alone."""
        if isinstance(values, dict) and "base_url" not in values:
            urls = values.get("base_urls")
            if isinstance(urls, list) and urls:
                return {**values, "base_url": urls[0]}
        return values

    @property
    def urls(self) -> list[str]:
        """The servers, each once, without a slash at the end."""
        return list(dict.fromkeys(url.rstrip("/") for url in (self.base_url, *self.base_urls)))


class PluginEngineSettings(Section):
    """An engine of a plugin, see docs/plugins.md."""

    kind: Literal["plugin"]
    plugin: str = Field(description="the name that the plugin gives its kind of engine")
    model: str = Field("", description="the model's name, as the plugin knows it")
    options: dict[str, Any] = Field({}, description="what else the plugin takes; it checks them")


AnyEngineSettings = LlamaSettings | OpenAISettings | PluginEngineSettings
EngineSettings = Annotated[AnyEngineSettings, Field(discriminator="kind")]


class Routes(Section):
    """Which engine serves which job; an unset one goes to ``agent``, but for ``embedding``."""

    agent: str = Field("local", description="engine of agent runs, and of every job without one")
    action: str | None = Field(None, description="engine of code actions")
    completion: str | None = Field(None, description="engine of inline completion")
    review: str | None = Field(None, description="engine of review")
    embedding: str | None = Field(
        None, description="engine of an embedding model, for semantic search; default: none"
    )


class AgentSettings(Section):
    """How a run works and when it stops."""

    max_steps: int = Field(
        20, ge=1, le=1000, description="model answers in one run; candidates of one edit count once"
    )
    refine_passes: int = Field(2, ge=0, le=20, description="tries to mend a refused edit")
    profile: Literal["direct", "tools", "auto"] = Field(
        "auto",
        description="direct: one shot; tools: a loop; auto: by the model's size and template",
    )
    max_tokens: int = Field(2048, ge=16, description="tokens of one answer")
    token_budget: int = Field(200_000, ge=100, description="tokens of one run, prompts included")
    max_seconds: float = Field(
        1800.0,
        ge=0,
        description="time of one run; what is verified by then is offered; 0: no limit",
    )
    temperature: float = Field(0.0, ge=0, le=2, description="0: always the likeliest token")
    seed: int | None = Field(None, description="seed of the sampler where temperature is above 0")
    candidates: int = Field(
        0,
        ge=0,
        le=16,
        description="answers tried for one edit, the first that passes the checks is offered; "
        "0: three for a small model in this process, else one",
    )
    parallel_reads: int = Field(
        4, ge=1, le=16, description="reading tool calls of one answer that run at once"
    )
    instructions: bool = Field(
        True, description="show `AGENTS.md` of the workspace to the model, as data"
    )
    hunks: bool = Field(
        True,
        description="after an edit of several hunks, offer to keep, undo or explain each of them",
    )


class SamplingSettings(Section):
    """How tokens are drawn for one job; what is not set stays as it is by default."""

    temperature: float | None = Field(None, ge=0, le=2, description="0: the likeliest token")
    top_k: int | None = Field(None, ge=0, description="draw from the likeliest; 0: from all")
    top_p: float | None = Field(None, gt=0, le=1, description="from those that make up this share")
    min_p: float | None = Field(None, ge=0, le=1, description="share of the likeliest at least")
    repeat_penalty: float | None = Field(None, gt=0, le=3, description="above 1: against repeating")
    presence_penalty: float | None = Field(None, ge=-2, le=2, description="against what occurred")
    frequency_penalty: float | None = Field(None, ge=-2, le=2, description="by how often it did")
    seed: int | None = Field(None, description="seed of the sampler")


class Samplings(Section):
    """Sampling by job, over the temperature and seed of ``agent``."""

    agent: SamplingSettings = SamplingSettings()
    action: SamplingSettings = SamplingSettings()
    completion: SamplingSettings = SamplingSettings()
    review: SamplingSettings = SamplingSettings()


class VerifySettings(Section):
    """What is checked before an edit is offered."""

    syntax: bool = Field(True, description="no new syntax error")
    characters: bool = Field(
        True, description="no new invisible, bidirectional or look-alike character"
    )
    lint: bool = Field(True, description="the project's formatter and linter agree as before")
    lint_seconds: float = Field(5.0, gt=0, le=120, description="longest wait for them")
    diagnostics: bool = Field(
        True, description="language servers that are there report no new error in what was edited"
    )
    diagnostics_seconds: float = Field(
        5.0, gt=0, le=120, description="longest wait for them; who is later is not heard, and said"
    )
    tests: Literal["off", "auto", "always"] = Field(
        "auto",
        description="run the affected tests in a copy, sandboxed; auto: in trusted folders, where "
        "a sandbox holds them",
    )
    tests_seconds: float = Field(60.0, gt=0, le=3600, description="longest time for the tests")
    failing: Literal["refuse", "offer"] = Field(
        "refuse",
        description="an edit that still fails a check: refused, or offered with a remark and to be "
        "confirmed; one with a new syntax error, or outside of what was asked, is always refused",
    )


class LanguageServerSettings(Section):
    """One language server: how a known one differs, or one of your own."""

    command: list[str] = Field([], description="program and arguments; default: the known one's")
    languages: list[str] = Field([], description="LSP language ids; default: the known one's")
    settings: dict[str, Any] = Field(
        {}, description="what the server gets as its configuration, over the known one's"
    )
    enabled: bool = Field(True, description="false: never start it")
    untrusted: bool = Field(
        False, description="start it in folders that are not trusted too: it runs no code of theirs"
    )


class LanguageServersSettings(Section):
    """Other language servers that are asked for diagnostics, references and definitions."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, LanguageServerSettings]

    enabled: bool = Field(True, description="ask the language servers that are found")
    idle_minutes: float = Field(
        10.0, gt=0, description="minutes after which one that nobody asks is ended"
    )
    max_running: int = Field(4, ge=1, le=32, description="servers that run at once")

    @property
    def servers(self) -> dict[str, LanguageServerSettings]:
        """What is set for single servers, by name."""
        return dict(self.__pydantic_extra__ or {})


class SafetySettings(Section):
    """What a run may do without asking."""

    network: bool = Field(False, description="commands and pushes may use the network")
    approve: Literal["never", "risky", "always"] = Field(
        "risky",
        description="what is asked about first; never: pushes only, always: each edit too",
    )
    allowed_commands: list[str] = Field(
        [],
        description="commands that need no asking, as `make test` or `npm run *`; compared word by "
        "word with what is run, never as text",
    )
    redact: bool = Field(
        True,
        description="keep keys, tokens and passwords out of prompts to servers, local ones too",
    )


class SandboxSettings(Section):
    """How commands and tests are held in."""

    kind: Literal[
        "auto", "bubblewrap", "landlock", "seatbelt", "windows", "container", "plugin", "none"
    ] = Field("auto", description="auto: bubblewrap, else landlock; on macOS seatbelt")
    plugin: str = Field("", description="name of the plugin's sandbox for `plugin`")
    image: str = Field("", description="image for `container`: podman or docker, never pulled")
    unprotected: bool = Field(
        False,
        description="run commands without a sandbox too, or with one that holds less; tests are "
        "then asked about like any command",
    )
    wall_seconds: float = Field(120.0, gt=0, le=86_400, description="longest time of a command")
    cpu_seconds: int = Field(120, ge=1, description="processor time of each process")
    memory_mb: int = Field(4096, ge=64, description="memory of all processes of a command")
    processes: int = Field(128, ge=1, description="processes and threads of a command")
    file_mb: int = Field(512, ge=1, description="largest file that a command may write")
    output_kb: int = Field(1024, ge=1, description="most output that is kept")


class GitSettings(Section):
    """What runs leave in a repository."""

    checkpoints: bool = Field(
        True, description="keep what a run changed under a private ref, see docs/trust.md"
    )
    checkpoint_days: int = Field(30, ge=1, description="days after which checkpoints are removed")
    hooks: bool = Field(
        False, description="run the repository's hooks when a run commits, in trusted folders"
    )


class JournalSettings(Section):
    """What is remembered of runs."""

    keep_days: int = Field(90, ge=0, description="days after which runs are forgotten; 0: never")
    passphrase_env: str = Field(
        "",
        description="name of the variable with the passphrase that the journal is encrypted with; "
        "default: it is not",
    )


class ReviewSettings(Section):
    """How findings are shown."""

    severity: Literal["information", "hint"] = Field(
        "information", description="severity of a finding that no tool confirms"
    )
    on_save: bool = Field(
        True, description="review what changed since the last commit when a document is saved"
    )
    max_hunks: int = Field(8, ge=1, le=200, description="changed hunks reviewed at a save")
    max_tokens: int = Field(
        1500, ge=200, description="prompt tokens of one hunk, beyond what is cached"
    )
    confidence: float = Field(
        0.5, ge=0, le=1, description="findings that the model is less sure of are left out"
    )


class MemorySettings(Section):
    """What is kept between runs, besides the journal; on this machine only."""

    sessions: bool = Field(True, description="a session's runs know what was said in it before")
    notes: bool = Field(True, description="offer the tools `remember` and `recall`")
    note_days: int = Field(180, ge=0, description="days after which a note expires; 0: never")
    feedback: bool = Field(
        False, description="keep what became of edits (accepted, edited, rejected), with the prompt"
    )
    examples: int = Field(
        0, ge=0, le=8, description="accepted edits shown to the model as examples, of `feedback`"
    )
    responses: bool = Field(False, description="answer an identical request from a cache")


class PluginSettings(Section):
    """Code of other packages that takes part: tools, actions, engines, sandboxes."""

    enabled: bool = Field(True, description="load the plugins that are installed")
    disabled: list[str] = Field([], description="names of plugins that are not loaded")


class CompletionSettings(Section):
    """How code is completed while typing."""

    lsp: bool = Field(
        False,
        description="offer completions in `textDocument/completion` too, for editors without "
        "`textDocument/inlineCompletion`",
    )
    debounce_ms: int = Field(
        250,
        ge=0,
        le=5000,
        description="longest wait for a pause in typing before the model is asked; how long it "
        "really is follows the model's speed and the typing; 0: never wait",
    )


class IndexSettings(Section):
    """What is known of the workspace before anyone asks."""

    enabled: bool = Field(True, description="keep an index of the workspace's code")
    max_file_size: int = Field(1024 * 1024, ge=1024, description="larger files are left out; bytes")
    processes: int = Field(
        0, ge=0, le=64, description="processes that read files; 0: one for each core, at most 8"
    )


class SymbolsSettings(Section):
    """What editors can ask of code in languages without a language server of their own."""

    languages: list[str] = Field(
        [],
        description="language ids of the protocol, as in `lua`, or `*` for all: document and "
        "workspace symbols, folding and selection ranges are offered for them",
    )


class Settings(Section):
    """Everything that can be set. See ``lsp-agent config schema``."""

    engines: dict[str, EngineSettings] = Field(
        {"local": LlamaSettings()}, description="engines by name"
    )
    routes: Routes = Routes()
    agent: AgentSettings = AgentSettings()
    sampling: Samplings = Samplings()
    verify: VerifySettings = VerifySettings()
    language_servers: LanguageServersSettings = LanguageServersSettings()
    safety: SafetySettings = SafetySettings()
    sandbox: SandboxSettings = SandboxSettings()
    git: GitSettings = GitSettings()
    journal: JournalSettings = JournalSettings()
    review: ReviewSettings = ReviewSettings()
    memory: MemorySettings = MemorySettings()
    plugins: PluginSettings = PluginSettings()
    completion: CompletionSettings = CompletionSettings()
    index: IndexSettings = IndexSettings()
    symbols: SymbolsSettings = SymbolsSettings()
    style: str = Field("", description="house style, given to the model as data")
    exclude: list[str] = Field([], description="gitignore patterns of files the agent leaves out")


HARMLESS = ("style", "exclude", "review.severity")
"""What a workspace file may set before its folder is trusted (contract, section 4)."""
