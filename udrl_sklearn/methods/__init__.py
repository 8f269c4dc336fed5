"""Learning methods: what an agent learns from its episodes, and how.

A method is the argument ``method`` of `UDRLAgent`, an object with parameters of its own. A new method is a subclass of
`LearningMethod`; `udrl_sklearn.utils.estimator_checks.check_method` tests it.
"""

from udrl_sklearn._commands import OPEN_ENDED
from udrl_sklearn._hindsight import Rows, relabel

from ._advantage_weighted import AdvantageWeighted
from ._base import Learned, LearningMethod
from ._return_conditioned import ReturnConditioned

__all__ = ["OPEN_ENDED", "AdvantageWeighted", "Learned", "LearningMethod", "ReturnConditioned", "Rows", "relabel"]
