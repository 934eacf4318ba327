"""Every name under which viewcast writes something to MLflow or reads it back, once.

Tags begin with ``viewcast.``; metrics, artifacts and dataset contexts stand in groups of their own.
Names of version 0.1 that differ are in ``viewcast.tracking.former``. Metric names that are columns
of tables as well (``val_loss``) are spelt out where a column is meant.
"""

# Tags of every run: what it is and what it was made from
DATA = "viewcast.data"  # name of the data set
LABEL = "viewcast.label"  # what the data set is called in reports
SPLIT = "viewcast.split"  # name of the split into training, validation and test rows
MODEL = "viewcast.model"
KIND = "viewcast.kind"  # of the model: line, lookup, network, ...
EPOCHS = "viewcast.epochs"  # the most that training may take; absent without epochs
SELECTS_EPOCH = "viewcast.selects_epoch"  # "true" where validation losses decide which is kept
EXPERIMENT = "viewcast.experiment"  # of the configuration, not MLflow's
BLOCK = "viewcast.block"  # least length of dependence, in rows
CLUSTER = "viewcast.cluster"  # which rows are alike: those of one entity, of one time, or both
CHOSEN_BY = "viewcast.metric"  # set by users: the name of the metric that runs are chosen by
LOSS = "viewcast.loss"  # name of the loss that the run is measured by
UNIT = "viewcast.unit"  # of the loss
MORE_IS_BETTER = "viewcast.more_is_better"  # "true" for a score: stored row losses are its negative
APPROXIMATE = "viewcast.approximate"  # why a bound of that metric is approximate, else empty
BOUND = "viewcast.bound"  # "false" where no bound of that metric may be given
IDENTITY = "viewcast.identity"  # hash of the settings that decide the result
RUN_KEY = "viewcast.key"  # hash of all that decides the result: settings, rows, code
GIT_COMMIT = "viewcast.git_commit"
DVC_LOCK = "viewcast.dvc_lock"  # hash of dvc.lock, or none
SIMULATED = "viewcast.simulated"  # "true" where the data are simulated, else absent
LEFT_OUT = "viewcast.left_out"  # rows that lack a feature, in a sentence
FAILURE = "viewcast.failure"  # the message of the error that ended the run
RESUMES = "viewcast.resumes"  # id of the interrupted run that this one repeats

COMPARED = "viewcast.compared"  # "true" where a chart may show the run beside others, else "false"
PICTURES = "viewcast.pictures"  # images of the run: step and content of each, by its key, as JSON
NOTE = "mlflow.note.content"  # of a run or an experiment: MLflow's own tag of its description

# Tags of an experiment that viewcast made, besides DATA, LABEL, LOSS and UNIT
PART = "viewcast.part"  # search, leaderboard, nights, referees; none for the pipeline's own runs
NIGHTLY = "viewcast.nightly"  # "true" where nights log: the audit of the project leaves it out

# Tags of a look (viewcast.holdout.looks)
HOLDOUT = "viewcast.holdout"  # identity of the validation rows
LOOK_KEY = "viewcast.look"  # runs with the same key are one look
LOOK_USES = "viewcast.looks"  # what the scores were used for, as JSON; set when the run has ended
BATCH_ID = "viewcast.batch_id"  # runs of one batch started without seeing each other's scores
RELEASE = "viewcast.release"  # hash of the settings of the filter that released the score

# Tags of a sweep
SWEEP = "viewcast.sweep"  # name of its folder; of the parent run and of every candidate
CANDIDATES = "viewcast.candidates"  # number of candidates; of the parent run
CANDIDATE = "viewcast.candidate"  # number of a candidate, from 0

# Tags of an opening of the sealed test, which is a run of its own
TEST_OPENING = "viewcast.sealed_open"  # 1; 0 where the opening was withdrawn
TEST_ROWS = "viewcast.sealed"  # identity of the test rows
OPENED_RUN = "viewcast.opened_run"  # id of the run that was tested
REASON = "viewcast.reason"  # why the test was opened again; why a night ended as it did
REUSE = "viewcast.reuse"  # earlier openings that had shown some of these rows
TEST_OPENED = "viewcast.test_opened"  # of the run that was tested: id of the latest opening

# Tags of a referee, whose run is the parent of its submissions' runs (viewcast.referee)
REFEREE = "viewcast.referee"  # hash of its plan; of every one of these runs
REFEREE_PLAN = "viewcast.referee.plan"  # as JSON; of the parent
REFEREE_STATE = "viewcast.referee.state"  # of the parent: open, or closed
REFEREE_VERDICT = "viewcast.referee.verdict"  # of the parent, in a sentence
REFEREE_CLOSED_BY = "viewcast.referee.closed_by"
SUBMISSION = "viewcast.referee.submission"  # its number, from 1
SUBMITTER = "viewcast.referee.submitter"  # whose token it had
SUBMITTED = "viewcast.referee.predictions"  # digest of the predictions
SUBMISSION_ACCEPTED = "viewcast.referee.accepted"  # "true" or "false": all that it was told
ANSWERS_LEFT = "viewcast.referee.left"

# Tags of a night
NIGHT = "viewcast.night"  # its date
OUTCOME = "viewcast.outcome"
HISTORY = "viewcast.history"  # "true" for the one run that goes on from night to night
REGISTERED_MODEL = "viewcast.registered_model"  # whose champions that run follows

# Tags of a version of the registered model, besides MODEL, LOSS, UNIT, LABEL and GIT_COMMIT
CONTENT = "viewcast.content"  # hash of the files of the forecaster
MEMBERS = "viewcast.members"  # the recipes whose mean of logs it serves
CODE = "viewcast.code"  # identity of code and settings of these recipes
TRAINED_FROM = "viewcast.trained_from"  # first day that it was fitted on
TRAINED_TO = "viewcast.trained_to"  # last day that it was fitted on
TRAINED_ROWS = "viewcast.rows"
DATA_HASH = "viewcast.data_hash"  # of the days, as DVC keeps them
SERVED_FROM = "viewcast.served_from"  # the night since which it serves, or has served
WHY = "viewcast.why"  # what serves and why, in a sentence; REASON has that of the guard

# Tags that an audit writes, and takes away again: MLflow deletes tags and no metrics
VERDICT = "viewcast.verdict"  # of a run, in a sentence; nights write that of their experiments
RANK = "viewcast.rank"  # by the shown figure, with zeros before it: texts sort as numbers then
EXPECTED = "viewcast.expected"  # figure on new rows, corrected for the choice
BOUND95 = "viewcast.bound95"  # 95 % bound of it
OPTIMISM = "viewcast.optimism"  # by how much the shown figure is too good
LOOK_COUNT = "viewcast.look_count"  # scores revealed
IN_CONFIDENCE_SET = "viewcast.in_confidence_set"  # yes where the run may be the best, else no
AUDIT_OF = "viewcast.audit."  # prefix, of an experiment; the identity of the holdout follows
OPTIMISM_OF = "viewcast.optimism."  # prefix, of an experiment; the identity of the holdout follows
SHARED_VIEW = "mlflow.sharedViewState.viewcast"  # prefix, of an experiment: its ready-made views

# MLflow's own tags
PARENT = "mlflow.parentRunId"
USER = "mlflow.user"
RUN_NAME = "mlflow.runName"
SOURCE_NAME = "mlflow.source.name"
SOURCE_TYPE = "mlflow.source.type"
EXPERIMENT_KIND = "mlflow.experimentKind"
ESTIMATOR = "estimator_class"  # of scikit-learn's autologging
SEARCHES = "sklearn.model_selection._search"  # how it begins where a search was fitted
LOGGED_ARTIFACTS = "mlflow.loggedArtifacts"  # of a run, as JSON: the tables that the UI shows
CONTEXT = "mlflow.data.context"  # of a dataset input: what its rows were used for

# Contexts of dataset inputs
TRAINING = "training"
VALIDATION = "validation"
TEST = "test"

# Parameters: those that are read back, and two that are only shown
PARAM_TRAINER = "trainer.name"
PARAM_RESTORE_BEST = "trainer.restore_best"  # "True" where the best of all epochs is kept
PARAM_FEATURES = "model.features"
PARAM_LAYERS = "model.layers"  # only networks have it
PARAM_REMEMBERS = "model.remembers"  # splits whose targets the model looks up
PARAM_LOSS = "loss.name"
LOG10_OF = ".log10"  # suffix, of a number that was drawn evenly in its logarithm

# Metrics of a curve: one point per epoch
TRAIN_LOSS = "train_loss"
VAL_LOSS = "val_loss"

VAL_SCORE_OF = "val_"  # prefix, of an evaluation by a score; the name of the metric follows

# Metrics of the stored model
MODEL_TRAIN_LOSS = "model_train_loss"
MODEL_VAL_LOSS = "model_val_loss"
VAL_ERROR = "val_error"  # standard error, of an evaluation without a curve
MODEL_VAL_ERROR = "model_val_error"
BEST_EPOCH = "best_epoch"
GENERALIZATION_GAP = "generalization_gap"  # validation loss minus training loss
MODEL_METRICS = {  # by the key in the result of a run and the column of a sweep's candidates
    "train_loss": MODEL_TRAIN_LOSS,
    "val_loss": MODEL_VAL_LOSS,
    "val_error": MODEL_VAL_ERROR,
    "best_epoch": BEST_EPOCH,
}
VAL_LOSS_EXPECTED = "val_loss_expected"  # the tag EXPECTED as a number: charts draw metrics only
VAL_LOSS_TRUE = "val_loss_true"  # loss on new rows, where the data are simulated
VAL_LOSS_TRUE_ERROR = "val_loss_true_error"
TEST_LOSS = "test_loss"
TEST_ERROR = "test_error"
TEST_ROW_COUNT = "rows"

# Metrics of a night
DAYS_ADDED = "days_added"
DAYS_CORRECTED = "days_corrected"
AGE_OF_NEWEST_DAY = "age_of_newest_day"  # in days
DRIFT_P_OF = "drift_p_"  # prefix; the name of the test for drift follows
CHAMPION_VERSION = "champion_version"  # that serves
JUDGED_WEEKS = "judged_weeks"  # of the present reign
EXIT_CODE = "exit_code"
NAIVE_LOSS = "naive_loss"
FORECAST_TOMORROW = "forecast_tomorrow"  # views of the first day that is not over
FORECAST_TOTAL = "forecast_total"  # views of all days ahead together, with the ends of its interval
FORECAST_TOTAL_LOW = "forecast_total_low"
FORECAST_TOTAL_HIGH = "forecast_total_high"

# Metrics of the run that goes on from night to night, timestamped by day; losses of one day ahead
PROMISED_LOSS = "promised_loss"  # mean of the 60 kept forecasts before the day
PROMISED_LOW = "promised_low"  # the mean of a new week lies between these two
PROMISED_HIGH = "promised_high"
REALISED_LOSS = "realised_loss"  # NAIVE_LOSS and CHAMPION_VERSION beside it
KEPT_LOSS_OF = "kept_loss_"  # prefix; the name of a recipe follows
EVIDENCE = "evidence"  # against the champion after each judged week: mean over the challengers
EVIDENCE_NEEDED = "evidence_needed"  # from here on a challenger is promoted

# Metrics of a submission to a referee, and of the referee's run, with the submission as the step
ACCEPTED = "accepted"  # 1 or 0; of a submission alone
ACCEPTANCES = "acceptances"  # after the first submission; of the referee's run alone
LEFT = "left"  # answers

# Metrics of a closed referee: gains over the first submission, more is better
ESTIMATE = "estimate"  # from the hidden rows, with the ends of its 95 % interval
ESTIMATE_LOW = "estimate_low"
ESTIMATE_HIGH = "estimate_high"
CLAIMED = "claimed"  # on the rows that judged
RAW_CLAIM = "raw_claim"  # what a loop that is shown the raw score would have claimed

# Metric that an evaluation writes
LOOKS = "looks"  # scores revealed

# Artifacts of a run
CONFIG = "config.yaml"
PREDICTIONS = "predictions.parquet"  # predictions and losses of rows
CURVE = "curve.csv"
TRAJECTORY = "trajectory.parquet"  # row losses of the evaluated epochs
SEALED_FOLDER = "sealed"  # row losses that no figure shows
SEALED_VALIDATION = "sealed/validation.parquet"  # of a run whose score a filter released
HIDDEN_HOLDOUT = "sealed/hidden_holdout.parquet"
STORED_MODEL = "model"
STORED_FORECASTER = "forecaster"
PICTURES_FOLDER = "pictures"
NIGHT_OUTCOME = "outcome.json"
NIGHT_FORECASTS = "forecasts.json"  # the lines of the ledger that a night has added, as a table

# Artifacts of a referee's run
REFEREE_PLAN_FILE = "plan.json"
REFEREE_CLOSING = "closing.json"
REFEREE_OUTSIDE = "outside.json"  # how many of its rows other runs were shown, by their id

# Artifacts of a sweep
SWEEP_SETTINGS = "sweep.json"
TABLES_FOLDER = "tables"
SWEEP_PREDICTIONS = "tables/predictions.parquet"
SWEEP_TRAJECTORIES = "tables/trajectories.parquet"
SWEEP_CURVES = "tables/curves.parquet"
SWEEP_HIDDEN_LOSSES = "sealed/hidden_losses.parquet"
