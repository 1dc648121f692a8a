# Tests of deploy/cafe-deploy.
if(NOT TARGET cafe_deploy)
  return()
endif()
foreach(name test_deploy_alarm test_deploy_files test_deploy_defects
        test_deploy_defects_yaml test_deploy_placeholders)
  cafe_unit_test(${name} cafe_deploy)
  target_compile_definitions(${name} PRIVATE
    AWS_FOLDER="${PROJECT_SOURCE_DIR}/deploy/aws"
    DEPLOYMENT_FOLDER="${PROJECT_SOURCE_DIR}/deploy/deployment"
    TEMPLATE_FOLDER="${CMAKE_CURRENT_SOURCE_DIR}/deploy")
endforeach()
cafe_unit_test(test_deploy_state cafe_deploy)
