-- What was said in challenges of standings; only ever appended to. `kind` is what the challenge becomes
-- by it, but for `evidence`. The columns from `standing` on say how it stood when it was disputed
-- (`opened`) or decided, and are empty in every other row.
CREATE TABLE IF NOT EXISTS challenge_event
(
    month        LowCardinality(String), -- YYYY-MM, of the standing
    challenge    String,
    event        String,
    at           DateTime64(6, 'UTC'),
    kind         Enum8('opened' = 1, 'evidence' = 2, 'conceded' = 3, 'rebutted' = 4, 'upheld' = 5, 'dismissed' = 6, 'withdrawn' = 7),
    party        LowCardinality(String), -- whose word it is: a carrier's code, or `authority`
    by           String,
    entered      LowCardinality(String), -- the party that wrote it down
    text         String,
    target       LowCardinality(String),
    place        String,
    carrier      LowCardinality(String),
    probes       Array(String), -- measurements given as evidence: probe, sequence and start of each
    sequences    Array(UInt64),
    starts       Array(DateTime64(3, 'UTC')),
    files        Array(String), -- names of files given as evidence; the files are not kept
    fileSha256s  Array(FixedString(64)),
    fileSizesB   Array(UInt64),
    replyDays    UInt16, -- of the plan when it was opened
    decisionDays UInt16,
    sets         LowCardinality(String), -- a decision: the standing that holds; '' where lines are set aside
    setsAside    Array(String), -- a decision: lines whose evidence does not count at the place in the month
    standing     LowCardinality(String),
    method       LowCardinality(String),
    minimumRuns  UInt32,
    minimumDays  UInt32,
    atLeast      Float64,
    filing       String, -- import of the version that counted; '' without one
    row          UInt32, -- line of its file; 0: nothing was filed of the place
    reached      Bool,
    technology   LowCardinality(String),
    opticalNode  String,
    linesPassed  Array(String), -- lines with sufficient evidence
    linesFailed  Array(String)
)
ENGINE = ReplacingMergeTree
ORDER BY (month, challenge, event)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480
