"""Catalogue of measurements: which does every analysis make, and in which order?

A plug-in's measurements come after these. The lines of corroboration stand in this order too.
"""

from experiments.measurements.audit import AuditMeasurement
from experiments.measurements.behaviour.ancestry import AncestryMeasurement
from experiments.measurements.behaviour.behaviour import BehaviourMeasurement
from experiments.measurements.behaviour.descent import DescentMeasurement
from experiments.measurements.behaviour.learning import LearningMeasurement
from experiments.measurements.behaviour.scenes import ScenesMeasurement
from experiments.measurements.corroboration.acquisition import AcquisitionMeasurement
from experiments.measurements.corroboration.cosine import CosineMeasurement
from experiments.measurements.corroboration.direction import DirectionMeasurement
from experiments.measurements.corroboration.interchange import InterchangeMeasurement
from experiments.measurements.corroboration.lesions import LesionsMeasurement
from experiments.measurements.corroboration.reinitialisation import ReinitialisationMeasurement
from experiments.measurements.corroboration.transfer import TransferMeasurement
from experiments.measurements.corroboration.weight_change import WeightChangeMeasurement
from experiments.measurements.handle import HandleMeasurement
from experiments.measurements.patching.cast_gating import CastGatingMeasurement
from experiments.measurements.patching.circuits import CircuitsMeasurement
from experiments.measurements.patching.effects import EffectsMeasurement
from experiments.measurements.patching.provenance import ProvenanceMeasurement
from experiments.measurements.patching.set_course import SetCourseMeasurement
from experiments.measurements.patching.similarity import SimilarityMeasurement
from experiments.measurements.patching.single_patches import SinglePatchesMeasurement
from experiments.measurements.patching.spare import SpareMeasurement
from experiments.measurements.registry import register_measurement

for measurement in (
    BehaviourMeasurement,
    EffectsMeasurement,
    SinglePatchesMeasurement,
    CircuitsMeasurement,
    SpareMeasurement,
    SetCourseMeasurement,
    CastGatingMeasurement,
    ProvenanceMeasurement,
    SimilarityMeasurement,
    CosineMeasurement,
    LesionsMeasurement,
    InterchangeMeasurement,
    TransferMeasurement,
    DirectionMeasurement,
    WeightChangeMeasurement,
    AcquisitionMeasurement,
    ReinitialisationMeasurement,
    LearningMeasurement,
    DescentMeasurement,
    ScenesMeasurement,
    AncestryMeasurement,
    HandleMeasurement,
    AuditMeasurement,
):
    register_measurement(measurement)
