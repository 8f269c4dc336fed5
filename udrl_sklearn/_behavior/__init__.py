"""The behavior function: any estimator as B(observation, desired return, desired horizon) -> action."""
